/** Launches in words; pure. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Estimate, Info, Launch } from '../api/types';
import { clock, duration, instant, memory, roughly } from './amounts';

/** How a launch is to be seen: what its mark and colour are. */
export type Mood =
  'running' | 'starting' | 'waiting' | 'stopping' | 'good' | 'bad';

/** How near the end of a launch is. */
export type Urgency = 'calm' | 'soon' | 'now';

const SOON_S = 30 * 60;
const NOW_S = 10 * 60;

/** Whether a launch still waits for its resources. */
export function isWaiting(launch: Launch): boolean {
  return launch.phase === 'queued' || launch.phase === 'held';
}

/** Whether a launch is over. */
export function isEnded(launch: Launch): boolean {
  return ['completed', 'error', 'aborted'].includes(launch.phase);
}

/** What people call a launch. */
export function nameOf(launch: Launch, trans: TranslationBundle): string {
  return (
    launch.display_name ||
    launch.server_name ||
    trans.__('%1 %2', kindOf(launch, trans), launch.number)
  );
}

/** What a launch runs. */
export function kindOf(launch: Launch, trans: TranslationBundle): string {
  switch (launch.kind) {
    case 'notebook':
      return trans.__('Notebook');
    case 'avi':
      return trans.__('AVI');
    case 'pipeline':
      return trans.__('Pipeline');
    case 'build':
      return trans.__('Build');
  }
}

/** How a launch is to be seen. */
export function moodOf(launch: Launch): Mood {
  switch (launch.phase) {
    case 'queued':
    case 'held':
      return 'waiting';
    case 'admitted':
    case 'starting':
      return 'starting';
    case 'running':
    case 'stopping':
      return launch.phase;
    case 'completed':
      return 'good';
    case 'aborted':
      return launch.ending?.code === 'operator' ? 'bad' : 'good';
    case 'error':
      return 'bad';
  }
}

/** The phase in words; for an ended launch, which end it was. */
export function phaseOf(launch: Launch, trans: TranslationBundle): string {
  switch (launch.phase) {
    case 'queued':
      return trans.__('Waiting');
    case 'held':
      return trans.__('Held by an operator');
    case 'admitted':
      return trans.__('About to start');
    case 'starting':
      return trans.__('Starting');
    case 'running':
      return trans.__('Running');
    case 'stopping':
      return trans.__('Stopping');
    default:
      return endOf(launch, trans);
  }
}

function endOf(launch: Launch, trans: TranslationBundle): string {
  switch (launch.ending?.code) {
    case 'stopped':
      return launch.running_at ? trans.__('Stopped') : trans.__('Cancelled');
    case 'walltime':
      return trans.__('Time limit reached');
    case 'idle':
      return trans.__('Ended while idle');
    case 'out_of_memory':
      return trans.__('Out of memory');
    case 'crashed':
      return trans.__('Crashed');
    case 'failed_to_start':
      return trans.__('Could not start');
    case 'node_lost':
      return trans.__('Lost with its machine');
    case 'operator':
      return trans.__('Ended by an operator');
    default:
      return trans.__('Finished');
  }
}

/** Seconds until the time limit; null if none runs. */
export function secondsLeft(launch: Launch, now: number): number | null {
  const deadline = instant(launch.deadline);
  if (deadline === null || !['running', 'starting'].includes(launch.phase)) {
    return null;
  }
  return Math.max(0, (deadline - now) / 1000);
}

/** How near the end is. */
export function urgencyOf(left: number | null): Urgency {
  if (left === null || left > SOON_S) {
    return 'calm';
  }
  return left > NOW_S ? 'soon' : 'now';
}

/** The time left in words. */
export function timeLeft(left: number, trans: TranslationBundle): string {
  return left > 0
    ? trans.__('%1 left', duration(left, trans))
    : trans.__('time is up');
}

/** The place in the queue in words. */
export function placeOf(launch: Launch, trans: TranslationBundle): string {
  const position = launch.wait?.position ?? 0;
  if (position < 1) {
    return '';
  }
  return position === 1
    ? trans.__('next in the queue')
    : trans.__('place %1 in the queue', position);
}

/** When a waiting launch would start, in words. */
export function startOf(
  launch: Launch,
  now: number,
  trans: TranslationBundle
): string {
  const start = instant(launch.wait?.estimated_start);
  if (start === null) {
    return trans.__('The start cannot be estimated yet.');
  }
  if (start - now < 30_000) {
    return trans.__('Should start any moment.');
  }
  const span = roughly((start - now) / 1000, trans);
  return trans.__('Starts at about %1, in %2.', clock(start, now), span);
}

/** What the end of a launch says beyond its name: words and peak memory. */
export function peakOf(launch: Launch, trans: TranslationBundle): string {
  const peak = launch.ending?.peak_memory_bytes ?? launch.peak_memory_bytes;
  if (!peak) {
    return '';
  }
  return trans.__(
    'Peak memory %1 of %2.',
    memory(peak),
    memory(launch.resources.memory_bytes)
  );
}

/** An estimate in words, such as "starts now". */
export function estimateOf(
  estimate: Estimate,
  trans: TranslationBundle
): string {
  if (!estimate.fits) {
    return trans.__('too large');
  }
  if (estimate.now) {
    return trans.__('starts now');
  }
  if (estimate.wait_s === null) {
    return trans.__('start unknown');
  }
  return trans.__('about %1', roughly(estimate.wait_s, trans));
}

/** Seconds by which a launch could be prolonged at most; 0 if not at all. */
export function longestExtension(
  launch: Launch,
  info: Info,
  now: number
): number {
  const begin = instant(launch.running_at) ?? instant(launch.started_at) ?? now;
  const deadline = instant(launch.deadline);
  if (deadline === null) {
    return 0;
  }
  const rest = info.max_walltime_s - (deadline - begin) / 1000;
  return Math.max(0, Math.floor(rest / 60) * 60);
}
