/** One launch in the panel. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Launch } from '../api/types';
import {
  clock,
  cores,
  duration,
  inUnit,
  instant,
  memoryUnit,
  resourcesLine
} from '../models/amounts';
import {
  isEnded,
  isWaiting,
  kindOf,
  moodOf,
  nameOf,
  peakOf,
  phaseOf,
  placeOf,
  secondsLeft,
  startOf,
  timeLeft,
  urgencyOf
} from '../models/words';
import { Meter } from './meter';

/** What can be done with a launch. */
export interface ICardActs {
  open(launch: Launch): void;
  stop(launch: Launch): void;
  /** Show the choices of more time below the button. */
  extend(launch: Launch, anchor: HTMLElement): void;
  larger(launch: Launch): void;
}

export interface ICardProps {
  launch: Launch;
  now: number;
  isThisSession: boolean;
  acts: ICardActs;
  trans: TranslationBundle;
}

export function Card(props: ICardProps): JSX.Element {
  const { launch, now, isThisSession, trans } = props;
  const left = secondsLeft(launch, now);
  return (
    <>
      <div className="jp-gavip-Card-head">
        <span className="jp-gavip-Card-mark" aria-hidden="true" />
        <span className="jp-gavip-Card-name" title={nameOf(launch, trans)}>
          {nameOf(launch, trans)}
        </span>

        {isEnded(launch) && (
          <time className="jp-gavip-Card-when">
            {clock(instant(launch.ended_at) ?? now, now)}
          </time>
        )}
      </div>
      <div className="jp-gavip-Card-line">
        <span className="jp-gavip-Card-phase" data-here={isThisSession}>
          {isThisSession && launch.phase === 'running'
            ? trans.__('This session')
            : phaseOf(launch, trans)}
        </span>
        {left !== null && launch.phase === 'running' && (
          <span
            className="jp-gavip-Card-left"
            data-urgency={urgencyOf(left)}
            title={trans.__('Ends at %1', clock(now + 1000 * left, now))}
          >
            {timeLeft(left, trans)}
          </span>
        )}
        {isWaiting(launch) && (
          <span className="jp-gavip-Card-left">{placeOf(launch, trans)}</span>
        )}
      </div>
      <div className="jp-gavip-Card-limits">
        {[
          kindOf(launch, trans),
          resourcesLine(launch.resources, trans),
          duration(launch.walltime_s, trans)
        ]
          .join(' · ')
          .replace(/(\S) (?=[^·])/g, '$1\u00a0')}
      </div>
      <Body {...props} />
      <Actions {...props} />
    </>
  );
}

function Body({ launch, now, trans }: ICardProps): JSX.Element | null {
  if (isWaiting(launch)) {
    return (
      <div className="jp-gavip-Card-wait">
        <p>{launch.reason}</p>
        {launch.phase === 'queued' && <p>{startOf(launch, now, trans)}</p>}
      </div>
    );
  }
  if (isEnded(launch)) {
    const words = [
      launch.ending?.message ?? launch.reason,
      launch.ending?.code === 'out_of_memory' ? peakOf(launch, trans) : ''
    ];
    return <p className="jp-gavip-Card-why">{words.join(' ').trim()}</p>;
  }
  if (launch.phase !== 'running') {
    return <p className="jp-gavip-Card-why">{launch.reason}</p>;
  }
  return <Meters launch={launch} trans={trans} />;
}

/** Processor and memory of a running launch. */
export function Meters(props: {
  launch: Launch;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { launch, trans } = props;
  const { usage, resources } = launch;
  if (!usage) {
    return null;
  }
  const unit = memoryUnit(resources.memory_bytes);
  const name = nameOf(launch, trans);
  return (
    <div className="jp-gavip-Card-meters">
      <Meter
        label={trans.__('CPU')}
        description={trans.__('Processor use of %1', name)}
        value={usage.cpu_milli}
        limit={resources.cpu_milli}
        text={trans.__(
          '%1 of %2',
          cores(usage.cpu_milli),
          cores(resources.cpu_milli)
        )}
      />
      <Meter
        warns
        label={trans.__('Mem')}
        description={trans.__('Memory use of %1', name)}
        value={usage.memory_bytes}
        limit={resources.memory_bytes}
        text={trans.__(
          '%1 of %2 %3',
          inUnit(usage.memory_bytes, unit.bytes),
          inUnit(resources.memory_bytes, unit.bytes),
          unit.name
        )}
      />
    </div>
  );
}

function Actions(props: ICardProps): JSX.Element | null {
  const { launch, isThisSession, acts, trans } = props;
  const name = nameOf(launch, trans);
  const buttons: JSX.Element[] = [];
  const add = (
    label: string,
    description: string,
    act: (anchor: HTMLElement) => void,
    more: React.ButtonHTMLAttributes<HTMLButtonElement> = {}
  ): void => {
    buttons.push(
      <button
        key={label}
        type="button"
        className="jp-gavip-Button"
        aria-label={description}
        onClick={event => act(event.currentTarget)}
        {...more}
      >
        {label}
      </button>
    );
  };
  if (launch.url && launch.phase === 'running' && !isThisSession) {
    add(trans.__('Open'), trans.__('Open %1 in a new tab', name), () =>
      acts.open(launch)
    );
  }
  if (launch.phase === 'running') {
    add(
      trans.__('Extend'),
      trans.__('Extend the time of %1', name),
      anchor => acts.extend(launch, anchor),
      { 'aria-haspopup': 'menu', 'data-menu': true } as object
    );
  }
  if (launch.ending?.code === 'out_of_memory' && isEnded(launch)) {
    add(
      trans.__('More memory…'),
      trans.__('Start %1 again with more memory', name),
      () => acts.larger(launch)
    );
  }
  if (!isEnded(launch) && launch.phase !== 'stopping') {
    const waits = isWaiting(launch);
    add(
      waits ? trans.__('Cancel') : trans.__('Stop'),
      waits
        ? trans.__('Take %1 out of the queue', name)
        : trans.__('Stop %1', name),
      () => acts.stop(launch),
      { 'data-quiet': true } as object
    );
  }
  return buttons.length ? (
    <div className="jp-gavip-Card-actions">{buttons}</div>
  ) : null;
}

/** The mood of a launch, for the list item that holds its card. */
export function cardMood(launch: Launch): string {
  return moodOf(launch);
}
