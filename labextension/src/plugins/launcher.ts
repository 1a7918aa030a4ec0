/** The tile of the launcher. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ILaunchModel } from '../tokens';
import { CommandIDs } from './ids';

export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gavip/lab:launcher',
  description: 'Adds a tile for a new launch, on a platform.',
  autoStart: true,
  requires: [ILaunchModel, ILauncher],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    model: ILaunchModel,
    launcher: ILauncher,
    translator: ITranslator | null
  ): void => {
    // The heading is Lab's own, and so is its translation.
    const trans = (translator ?? nullTranslator).load('jupyterlab');
    const add = (): void => {
      if (model.link.state !== 'connecting') {
        model.changed.disconnect(add);
        if (model.link.state !== 'absent') {
          launcher.add({
            command: CommandIDs.create,
            args: { isLauncher: true },
            category: trans.__('Other'),
            rank: 9
          });
        }
      }
    };
    model.changed.connect(add);
    add();
  }
};
