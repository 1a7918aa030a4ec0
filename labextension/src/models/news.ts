/** What deserves a word to the user, and which; pure. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IChange } from '../tokens';
import { isEnded, nameOf, peakOf, phaseOf, placeOf } from './words';

/** What can be done about a piece of news. */
export type NewsAct = 'open' | 'extend' | 'larger' | 'show';

/** A piece of news. */
export interface INews {
  topic: 'started' | 'ending' | 'ended';
  type: 'info' | 'success' | 'warning' | 'error';
  message: string;
  acts: NewsAct[];
}

const GOOD_ENDS = ['finished', 'stopped', 'idle'];

/**
 * What a change says to the user; null if nothing.
 *
 * The own session says its end while it still can: when it begins to stop.
 */
export function newsOf(
  change: IChange,
  isThisSession: boolean,
  trans: TranslationBundle
): INews | null {
  const { event, before, after } = change;
  const name = nameOf(after, trans);
  if (event.kind === 'warning') {
    return {
      topic: 'ending',
      type: 'warning',
      message: `${name}: ${event.message}`,
      acts: [remedyOf(event.detail.cause)]
    };
  }
  if (event.kind !== 'phase' || before?.phase === after.phase) {
    return null;
  }
  if (after.phase === 'running' && !isThisSession) {
    return {
      topic: 'started',
      type: 'success',
      message: trans.__('%1 is ready.', name),
      acts: after.url ? ['open'] : ['show']
    };
  }
  const leaves = isThisSession && after.phase === 'stopping';
  if (!(leaves || isEnded(after)) || !after.ending) {
    return null;
  }
  const { code, message } = after.ending;
  const outOfMemory = code === 'out_of_memory';
  return {
    topic: 'ended',
    type: GOOD_ENDS.includes(code) ? 'info' : 'error',
    message: [`${name}: ${message}`, outOfMemory ? peakOf(after, trans) : '']
      .join(' ')
      .trim(),
    acts: outOfMemory ? ['larger'] : ['show']
  };
}

/** What helps against what a warning is about. */
function remedyOf(cause: string | number | null | undefined): NewsAct {
  switch (cause) {
    case 'out_of_memory':
      return 'larger';
    case 'idle':
      return 'show';
    default:
      return 'extend';
  }
}

/** What a screen reader says about a change; empty if nothing. */
export function spokenOf(change: IChange, trans: TranslationBundle): string {
  const { before, after } = change;
  const name = nameOf(after, trans);
  if (before?.phase !== after.phase) {
    const reason = isEnded(after) ? after.ending?.message : after.reason;
    return `${name}: ${phaseOf(after, trans)}. ${reason ?? ''}`.trim();
  }
  if (before?.wait?.position !== after.wait?.position && after.wait) {
    return `${name}: ${placeOf(after, trans)}`;
  }
  return '';
}
