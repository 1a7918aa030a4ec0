/** The panel "Active" of the left sidebar. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import type { Launch } from '../api/types';
import { Ticker } from '../models/ticker';
import { ILaunchModel } from '../tokens';
import { PanelWidget } from '../widgets/panel';
import { CommandIDs, DOMAIN } from './ids';

const RANK = 150;

export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gavip/lab:panel',
  description: 'Adds the panel of running, waiting and ended launches.',
  autoStart: true,
  requires: [ILaunchModel],
  optional: [ILabShell, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: ILaunchModel,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { commands } = app;
    const run = (command: string, launch?: Launch): void => {
      void commands.execute(command, launch ? { id: launch.id } : {});
    };
    const panel = new PanelWidget({
      model,
      ticker: new Ticker(),
      trans,
      acts: {
        open: launch => run(CommandIDs.open, launch),
        stop: launch => run(CommandIDs.stop, launch),
        extend: (launch, anchor) => Private.offer(commands, launch, anchor),
        larger: launch => run(CommandIDs.enlarge, launch),
        create: () => run(CommandIDs.create),
        clear: () => run(CommandIDs.clear),
        retry: () => run(CommandIDs.refresh)
      }
    });
    (labShell ?? app.shell).add(panel, 'left', { rank: RANK });
    restorer?.add(panel, panel.id);
  }
};

namespace Private {
  /** Offer more time in a menu below its button. */
  export function offer(
    commands: CommandRegistry,
    launch: Launch,
    anchor: HTMLElement
  ): void {
    const menu = new MenuSvg({ commands });
    const { id } = launch;
    const choices: ReadonlyJSONObject[] = [
      { id, by: '30m' },
      { id, by: '1h' },
      { id }
    ];
    for (const args of choices) {
      menu.addItem({ command: CommandIDs.extend, args });
    }
    menu.aboutToClose.connect(() => {
      window.setTimeout(() => menu.dispose());
    });
    const { left, bottom } = anchor.getBoundingClientRect();
    menu.open(left, bottom);
  }
}
