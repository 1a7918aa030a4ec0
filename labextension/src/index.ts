/** GAVIP in JupyterLab. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { commandsPlugin } from './plugins/commands';
import { launcherPlugin } from './plugins/launcher';
import { modelPlugin } from './plugins/model';
import { notificationsPlugin } from './plugins/notifications';
import { panelPlugin } from './plugins/panel';
import { statusPlugin } from './plugins/status';
import type { ILaunchModel } from './tokens';

export * from './tokens';

const plugins: (
  JupyterFrontEndPlugin<void> | JupyterFrontEndPlugin<ILaunchModel>
)[] = [
  modelPlugin,
  commandsPlugin,
  panelPlugin,
  statusPlugin,
  notificationsPlugin,
  launcherPlugin
];

export default plugins;
