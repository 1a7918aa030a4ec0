/** The item of the status bar. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Ticker } from '../models/ticker';
import { ILaunchModel } from '../tokens';
import { StatusWidget } from '../widgets/status';
import { CommandIDs, DOMAIN } from './ids';

const RANK = 2;

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gavip/lab:status',
  description: "Shows this session's use against its limits in the status bar.",
  autoStart: true,
  requires: [ILaunchModel, IStatusBar],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: ILaunchModel,
    statusBar: IStatusBar,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const item = new StatusWidget({
      model,
      ticker: new Ticker(),
      trans,
      onClick: () => void app.commands.execute(CommandIDs.show)
    });
    statusBar.registerStatusItem('@gavip/lab:status', {
      item,
      align: 'right',
      rank: RANK,
      isActive: () => model.current !== null,
      activeStateChanged: model.changed
    });
  }
};
