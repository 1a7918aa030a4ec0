/** The dialog "New launch". */

import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Launch } from '../api/types';
import { Form } from '../components/form';
import type { FormModel } from '../models/form';

/** The form as the body of a dialog. */
class FormWidget extends ReactWidget {
  constructor(
    private readonly _form: FormModel,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-gavip-FormWidget');
    _form.changed.connect(this._onChanged, this);
  }

  dispose(): void {
    this._form.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected render(): JSX.Element {
    return <Form form={this._form} trans={this._trans} />;
  }

  private _onChanged(): void {
    this.update();
  }
}

/** A dialog that stays open until the launch is acknowledged. */
export class LaunchDialog extends Dialog<unknown> {
  constructor(
    private readonly _form: FormModel,
    trans: TranslationBundle
  ) {
    super({
      title: trans.__('New launch'),
      body: new FormWidget(_form, trans),
      hasClose: true,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Launch') })
      ],
      focusNodeSelector: 'input[type=text]'
    });
    this.addClass('jp-gavip-Dialog');
  }

  /** The launch that came of it. */
  get asked(): Launch | null {
    return this._asked;
  }

  dispose(): void {
    this._form.dispose();
    super.dispose();
  }

  /** Ask when accepted; close only if there was nothing to mend. */
  resolve(index?: number): void {
    const accepted = index === undefined || index === 1;
    if (!accepted) {
      super.resolve(index);
    } else if (!this._form.busy) {
      void this._submit(index);
    }
  }

  private async _submit(index?: number): Promise<void> {
    this._asked = await this._form.submit();
    if (this._asked && !this.isDisposed) {
      super.resolve(index);
    }
  }

  private _asked: Launch | null = null;
}
