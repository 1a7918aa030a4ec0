/** The commands, in the palette and for every other plugin. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import type { Launch, LaunchRequest } from '../api/types';
import { ILaunchModel } from '../tokens';
import { gavipIcon } from '../widgets/icons';
import type { Acts } from './acts';
import { CommandIDs, DOMAIN, PANEL } from './ids';
import { openLaunch } from './open';

export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gavip/lab:commands',
  description: 'Adds the commands on launches.',
  autoStart: true,
  requires: [ILaunchModel],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: ILaunchModel,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    let loading: Promise<Acts> | null = null;
    const acts = (): Promise<Acts> =>
      (loading ??= import('./acts').then(({ Acts }) => new Acts(model, trans)));
    const { commands } = app;
    const wanted = (args: ReadonlyPartialJSONObject): Launch | null =>
      args.id ? model.find(String(args.id)) : model.current;
    const add = (
      id: string,
      options: CommandRegistry.ICommandOptions
    ): void => {
      commands.addCommand(id, options);
    };
    const there = (): boolean => model.link.state !== 'absent';

    add(CommandIDs.show, {
      label: trans.__('Show Active Launches'),
      icon: gavipIcon,
      describedBy: Private.nothing,
      execute: () => app.shell.activateById(PANEL)
    });
    add(CommandIDs.create, {
      label: args =>
        args.isLauncher ? trans.__('New Launch') : trans.__('New Launch…'),
      caption: trans.__('Ask for a notebook with limits of your choice'),
      icon: gavipIcon,
      describedBy: Private.preset,
      isEnabled: there,
      execute: async args => {
        const asked = await (
          await acts()
        ).create((args.preset ?? {}) as LaunchRequest);
        if (asked) {
          app.shell.activateById(PANEL);
        }
        return asked;
      }
    });
    add(CommandIDs.open, {
      label: trans.__('Open Launch'),
      describedBy: Private.one,
      isVisible: args => wanted(args) !== null,
      execute: args => {
        const launch = wanted(args);
        if (launch) {
          openLaunch(launch);
        }
      }
    });
    add(CommandIDs.stop, {
      label: args =>
        args.id ? trans.__('Stop Launch') : trans.__('Stop This Session…'),
      describedBy: Private.one,
      isEnabled: args => wanted(args) !== null,
      execute: async args => {
        const launch = wanted(args);
        if (launch) {
          await (await acts()).stop(launch);
        }
      }
    });
    add(CommandIDs.extend, {
      label: args => {
        switch (args.by) {
          case '30m':
            return trans.__('Extend by 30 Minutes');
          case undefined:
          case null:
            return trans.__('Extend as Far as Possible');
          default:
            return args.by === '1h'
              ? trans.__('Extend by 1 Hour')
              : trans.__('Extend by %1', String(args.by));
        }
      },
      describedBy: Private.extension,
      isEnabled: args => wanted(args)?.phase === 'running',
      execute: async args => {
        const launch = wanted(args);
        if (launch) {
          await (await acts()).extend(launch, args.by ? String(args.by) : null);
        }
      }
    });
    add(CommandIDs.enlarge, {
      label: trans.__('Start Again with More Memory…'),
      describedBy: Private.one,
      isVisible: args => wanted(args) !== null,
      execute: async args => {
        const launch = wanted(args);
        return launch ? (await acts()).enlarge(launch) : null;
      }
    });
    add(CommandIDs.refresh, {
      label: trans.__('Read the Launches Anew'),
      describedBy: Private.nothing,
      execute: () => model.refresh()
    });
    add(CommandIDs.clear, {
      label: trans.__('Clear Ended Launches from View'),
      describedBy: Private.nothing,
      execute: () => model.clearEnded()
    });

    const category = trans.__('GAVIP');
    const { show, create, stop, refresh, clear } = CommandIDs;
    for (const command of [show, create, stop, refresh, clear]) {
      palette?.addItem({ command, category });
    }
    const spans: ReadonlyJSONObject[] = [{ by: '30m' }, { by: '1h' }, {}];
    for (const args of spans) {
      palette?.addItem({ command: CommandIDs.extend, category, args });
    }
  }
};

namespace Private {
  const id = {
    type: 'string',
    description: 'The id of the launch; this session if it is left out.'
  };

  export const nothing = { args: { type: 'object', properties: {} } };

  export const one = { args: { type: 'object', properties: { id } } };

  export const extension = {
    args: {
      type: 'object',
      properties: {
        id,
        by: {
          type: 'string',
          description:
            'How much longer, such as 30m or 1h; as far as possible if it is left out.'
        }
      }
    }
  };

  export const preset = {
    args: {
      type: 'object',
      properties: {
        preset: {
          type: 'object',
          description:
            'What the dialog shows first, as a request of the launch service.'
        },
        isLauncher: { type: 'boolean', description: 'Shown on a tile.' }
      }
    }
  };
}
