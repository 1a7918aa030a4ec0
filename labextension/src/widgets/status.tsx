/** The item of the status bar. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Status } from '../components/status';
import type { Ticker } from '../models/ticker';
import type { ILaunchModel } from '../tokens';

/** Shows this session's use against its limits. */
export class StatusWidget extends ReactWidget {
  constructor(private readonly _options: StatusWidget.IOptions) {
    super();
    this.addClass('jp-gavip-StatusWidget');
    _options.model.changed.connect(this._onChanged, this);
    _options.ticker.ticked.connect(this._onChanged, this);
  }

  dispose(): void {
    this._options.model.changed.disconnect(this._onChanged, this);
    this._options.ticker.ticked.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected render(): JSX.Element | null {
    const { model, onClick, trans } = this._options;
    const launch = model.current;
    return (
      launch && (
        <Status
          launch={launch}
          now={model.now()}
          onClick={onClick}
          trans={trans}
        />
      )
    );
  }

  private _onChanged(): void {
    this.update();
  }
}

export namespace StatusWidget {
  export interface IOptions {
    model: ILaunchModel;
    ticker: Ticker;
    onClick(): void;
    trans: TranslationBundle;
  }
}
