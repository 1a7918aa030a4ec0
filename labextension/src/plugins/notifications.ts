/** News of my launches, once each, as Lab's own notifications. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { INews, NewsAct } from '../models/news';
import { newsOf } from '../models/news';
import type { IChange } from '../tokens';
import { ILaunchModel } from '../tokens';
import { CommandIDs, DOMAIN } from './ids';

const ID = '@gavip/lab:notifications';
const CALM_MS = 10_000;

export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Tells when a launch starts, is about to end, or ended.',
  autoStart: true,
  requires: [ILaunchModel],
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: ILaunchModel,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    let settings: ISettingRegistry.ISettings | null = null;
    void registry?.load(ID).then(loaded => {
      settings = loaded;
    });
    let last = 0;
    model.happened.connect((_: ILaunchModel, change: IChange): void => {
      const { sequence } = change.event;
      if (sequence && sequence <= last) {
        return;
      }
      last = Math.max(last, sequence);
      const here = change.after.id === model.link.launch_id;
      const news = newsOf(change, here, trans);
      if (news && settings?.get(news.topic).composite !== false) {
        Private.tell(news, change.after.id, app.commands, trans);
      }
    });
  }
};

namespace Private {
  /** Show a piece of news with what can be done about it. */
  export function tell(
    news: INews,
    id: string,
    commands: CommandRegistry,
    trans: TranslationBundle
  ): void {
    Notification.emit(news.message, news.type, {
      autoClose: news.topic === 'started' ? CALM_MS : false,
      actions: news.acts.map(act => ({
        label: labelOf(act, trans),
        callback: () => {
          const { command, args } = orderOf(act, id);
          void commands.execute(command, args);
        }
      }))
    });
  }

  function labelOf(act: NewsAct, trans: TranslationBundle): string {
    switch (act) {
      case 'open':
        return trans.__('Open');
      case 'extend':
        return trans.__('Extend by 1 hour');
      case 'larger':
        return trans.__('More memory…');
      case 'show':
        return trans.__('Show');
    }
  }

  function orderOf(
    act: NewsAct,
    id: string
  ): { command: string; args: ReadonlyPartialJSONObject } {
    switch (act) {
      case 'open':
        return { command: CommandIDs.open, args: { id } };
      case 'extend':
        return { command: CommandIDs.extend, args: { id, by: '1h' } };
      case 'larger':
        return { command: CommandIDs.enlarge, args: { id } };
      case 'show':
        return { command: CommandIDs.show, args: {} };
    }
  }
}
