/** The panel "Active": everything of mine that runs, waits or ended lately. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ILaunchModel } from '../tokens';
import type { ICardActs } from './card';
import { Section } from './list';

export interface IPanelProps {
  model: ILaunchModel;
  now: number;
  /** What a screen reader is to say next. */
  spoken: string;
  acts: ICardActs & { create(): void; clear(): void; retry(): void };
  trans: TranslationBundle;
}

export function Panel(props: IPanelProps): JSX.Element {
  const { model, now, spoken, acts, trans } = props;
  const { running, waiting, ended, link } = model;
  const shared = { now, acts, trans, thisSession: link.launch_id };
  return (
    <div className="jp-gavip-Panel" data-loaded={model.loaded}>
      <header className="jp-gavip-Panel-header">
        <h2>{trans.__('Active')}</h2>
        <button
          type="button"
          className="jp-gavip-Button"
          data-primary="true"
          disabled={link.state === 'absent'}
          onClick={() => acts.create()}
        >
          {trans.__('New launch…')}
        </button>
      </header>
      <Link {...props} />
      <div className="jp-gavip-Panel-body">
        <Section title={trans.__('Running')} launches={running} {...shared} />
        <Section title={trans.__('Waiting')} launches={waiting} {...shared} />
        <Section
          title={trans.__('Ended lately')}
          launches={ended}
          {...shared}
          aside={
            <button
              type="button"
              className="jp-gavip-Button"
              data-quiet="true"
              aria-label={trans.__('Clear the ended launches from view')}
              onClick={() => acts.clear()}
            >
              {trans.__('Clear')}
            </button>
          }
        />
        {!running.length && !waiting.length && !ended.length && (
          <Empty {...props} />
        )}
      </div>
      <div
        className="jp-gavip-Spoken"
        role="status"
        aria-live="polite"
        aria-atomic="true"
      >
        {spoken}
      </div>
    </div>
  );
}

/** How the connection stands, if there is something to say. */
function Link({ model, acts, trans }: IPanelProps): JSX.Element | null {
  const { state, detail } = model.link;
  if (state !== 'reconnecting' && state !== 'refused') {
    return null;
  }
  return (
    <div className="jp-gavip-Link" role="alert" data-state={state}>
      <b>
        {state === 'refused'
          ? trans.__('Not allowed in')
          : trans.__('Reconnecting…')}
      </b>
      <p>{detail}</p>
      <button
        type="button"
        className="jp-gavip-Button"
        data-quiet="true"
        onClick={() => acts.retry()}
      >
        {trans.__('Try now')}
      </button>
    </div>
  );
}

function Empty({ model, trans }: IPanelProps): JSX.Element {
  const { link, loaded } = model;
  if (link.state === 'absent') {
    return (
      <div className="jp-gavip-Empty">
        <b>{trans.__('No platform here')}</b>
        <p>{link.detail}</p>
        <p>
          {trans.__(
            'On a platform this panel shows your launches, the queue and your limits.'
          )}
        </p>
      </div>
    );
  }
  return (
    <div className="jp-gavip-Empty" aria-busy={!loaded}>
      <b>{loaded ? trans.__('Nothing runs') : trans.__('Reading…')}</b>
      {loaded && (
        <p>
          {trans.__(
            'Ask for a notebook with “New launch…”. It starts as soon as its place in the queue allows.'
          )}
        </p>
      )}
    </div>
  );
}
