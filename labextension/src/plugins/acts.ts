/** What the commands do: ask the service, and tell the user how it went. */

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ProblemError } from '../api/client';
import type { Launch, LaunchRequest } from '../api/types';
import { clock, instant } from '../models/amounts';
import { FormModel } from '../models/form';
import { withMoreMemory } from '../models/larger';
import { isWaiting, longestExtension, nameOf } from '../models/words';
import type { ILaunchModel } from '../tokens';
import { LaunchDialog } from '../widgets/dialog';

const SHORT_MS = 4000;

/** The acts on launches, each safe to call from anywhere. */
export class Acts {
  constructor(
    private readonly _model: ILaunchModel,
    private readonly _trans: TranslationBundle
  ) {}

  /** Show the dialog; returns the launch, or null if none was asked for. */
  async create(preset: LaunchRequest = {}): Promise<Launch | null> {
    return this._telling(async () => {
      const { client } = this._model;
      const [info, capacity] = await Promise.all([
        client.info(),
        client.capacity()
      ]);
      const form = new FormModel(this._model, info, capacity, preset);
      const dialog = new LaunchDialog(form, this._trans);
      await dialog.launch();
      return dialog.asked;
    });
  }

  /** Stop a launch after a question, or take it out of the queue. */
  async stop(launch: Launch): Promise<void> {
    if (isWaiting(launch) || (await this._isSure(launch))) {
      await this._telling(async () => {
        this._model.take(await this._model.client.cancel(launch.id));
      });
    }
  }

  /** Ask for more time; without an amount for as much as there may be. */
  async extend(launch: Launch, by: string | null): Promise<void> {
    await this._telling(async () => {
      const { client } = this._model;
      const longest = by
        ? 0
        : longestExtension(launch, await client.info(), this._model.now());
      if (!by && !longest) {
        const message = this._trans.__(
          '%1 already has the longest time limit.',
          nameOf(launch, this._trans)
        );
        Notification.info(message, { autoClose: SHORT_MS });
        return;
      }
      const longer = await client.extend(launch.id, by ?? longest);
      this._model.take(longer);
      const now = this._model.now();
      const end = clock(instant(longer.deadline) ?? now, now);
      const name = nameOf(longer, this._trans);
      Notification.success(this._trans.__('%1 now ends at %2.', name, end), {
        autoClose: SHORT_MS
      });
    });
  }

  /** Offer to start again with more memory. */
  async enlarge(launch: Launch): Promise<Launch | null> {
    return this._telling(async () => {
      const preset = withMoreMemory(launch, await this._model.client.info());
      if (!preset) {
        const message = this._trans.__(
          '%1 already had the most memory that one launch can have here.',
          nameOf(launch, this._trans)
        );
        Notification.warning(message);
        return null;
      }
      return this.create(preset);
    });
  }

  private async _isSure(launch: Launch): Promise<boolean> {
    const trans = this._trans;
    const name = nameOf(launch, trans);
    const here = launch.id === this._model.link.launch_id;
    const words = [
      trans.__(
        'Its kernels and terminals end, and everything in their memory is lost. Files in your user-space stay.'
      )
    ];
    if (here) {
      words.unshift(
        trans.__('This is the session that you are in. Save your work first.')
      );
    }
    const { button } = await showDialog({
      title: trans.__('Stop %1?', name),
      body: words.join(' '),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Keep it running') }),
        Dialog.warnButton({ label: trans.__('Stop') })
      ]
    });
    return button.accept;
  }

  /** Do it; if the service says no, tell it in its words. */
  private async _telling<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ProblemError)) {
        throw error;
      }
      const { title, detail } = error.problem;
      const message = [title, detail].filter(Boolean).join(': ');
      Notification.error(message, { autoClose: false });
      return null;
    }
  }
}
