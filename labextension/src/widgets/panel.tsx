/** The panel of the left sidebar. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { IPanelProps } from '../components/panel';
import { Panel } from '../components/panel';
import { spokenOf } from '../models/news';
import type { Ticker } from '../models/ticker';
import type { IChange, ILaunchModel } from '../tokens';
import { gavipIcon } from './icons';

/** Shows the model, and counts down while it is seen. */
export class PanelWidget extends ReactWidget {
  constructor(private readonly _options: PanelWidget.IOptions) {
    super();
    const { model, ticker, trans } = _options;
    this.id = 'gavip-active';
    this.title.icon = gavipIcon;
    this.title.caption = trans.__('Active launches');
    this.addClass('jp-gavip-PanelWidget');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Active launches'));
    model.changed.connect(this._onChanged, this);
    model.happened.connect(this._onHappened, this);
    ticker.ticked.connect(this._onTick, this);
  }

  dispose(): void {
    const { model, ticker } = this._options;
    model.changed.disconnect(this._onChanged, this);
    model.happened.disconnect(this._onHappened, this);
    ticker.ticked.disconnect(this._onTick, this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { model, acts, trans } = this._options;
    return (
      <Panel
        model={model}
        now={model.now()}
        spoken={this._spoken}
        acts={acts}
        trans={trans}
      />
    );
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.update();
  }

  private _onChanged(): void {
    this.update();
  }

  private _onTick(): void {
    if (this.isVisible) {
      this.update();
    }
  }

  private _onHappened(_: ILaunchModel, change: IChange): void {
    const spoken = spokenOf(change, this._options.trans);
    if (spoken) {
      this._spoken = spoken;
    }
  }

  private _spoken = '';
}

export namespace PanelWidget {
  export interface IOptions {
    model: ILaunchModel;
    ticker: Ticker;
    acts: IPanelProps['acts'];
    trans: TranslationBundle;
  }
}
