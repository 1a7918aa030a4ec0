/** Provides the model of my launches. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

import { LaunchClient } from '../api/client';
import { LaunchModel } from '../models/launches';
import { ILaunchModel } from '../tokens';

export const modelPlugin: JupyterFrontEndPlugin<ILaunchModel> = {
  id: '@gavip/lab:model',
  description: 'Keeps the launches of the user, fed by the event bus.',
  autoStart: true,
  provides: ILaunchModel,
  activate: (app: JupyterFrontEnd): ILaunchModel => {
    const { serverSettings, events } = app.serviceManager;
    const model = new LaunchModel(
      new LaunchClient(serverSettings),
      events.stream
    );
    void model.refresh();
    return model;
  }
};
