/** Amounts and times in words; pure. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Resources } from '../api/types';

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;

/** Processor time as cores, such as "0.5" or "2". */
export function cores(cpuMilli: number): string {
  const digits = cpuMilli >= 10_000 ? 1 : 2;
  return String(Number((cpuMilli / 1000).toFixed(digits)));
}

/** A unit of memory that suits a limit, so that use and limit share one. */
export function memoryUnit(limitBytes: number): {
  name: string;
  bytes: number;
} {
  const binary = limitBytes > 0 && limitBytes % 2 ** 20 === 0;
  const base = binary ? 1024 : 1000;
  const names = binary ? ['MiB', 'GiB', 'TiB'] : ['MB', 'GB', 'TB'];
  let power = 2;
  while (power < 4 && limitBytes >= base ** (power + 1)) {
    power += 1;
  }
  return { name: names[power - 2], bytes: base ** power };
}

/** Memory in a unit, with at most one decimal below a hundred. */
export function inUnit(bytes: number, unitBytes: number): string {
  const amount = bytes / unitBytes;
  return String(Number(amount.toFixed(amount >= 100 ? 0 : 1)));
}

/** Memory with its unit, such as "2 GB". */
export function memory(bytes: number): string {
  const unit = memoryUnit(bytes);
  return `${inUnit(bytes, unit.bytes)} ${unit.name}`;
}

/** Limits in one line, such as "1 core · 2 GB". */
export function resourcesLine(
  resources: Resources,
  trans: TranslationBundle
): string {
  const words = [
    resources.cpu_milli === 1000
      ? trans.__('1 core')
      : trans.__('%1 cores', cores(resources.cpu_milli)),
    memory(resources.memory_bytes)
  ];
  if (resources.gpu > 0) {
    words.push(trans._n('%1 GPU', '%1 GPUs', resources.gpu));
  }
  return words.join(' · ');
}

/** A span of time with two units at most, such as "1 h 20 min". */
export function duration(seconds: number, trans: TranslationBundle): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE_S) {
    return trans.__('%1 s', s);
  }
  if (s < 10 * MINUTE_S && s % MINUTE_S !== 0) {
    return trans.__('%1 min %2 s', Math.floor(s / MINUTE_S), s % MINUTE_S);
  }
  if (s < HOUR_S) {
    return trans.__('%1 min', Math.floor(s / MINUTE_S));
  }
  const larger = s < DAY_S ? HOUR_S : DAY_S;
  const smaller = s < DAY_S ? MINUTE_S : HOUR_S;
  const whole = Math.floor(s / larger);
  const rest = Math.floor((s % larger) / smaller);
  if (s < DAY_S) {
    return rest
      ? trans.__('%1 h %2 min', whole, rest)
      : trans.__('%1 h', whole);
  }
  return rest ? trans.__('%1 d %2 h', whole, rest) : trans.__('%1 d', whole);
}

/** A rough span for estimates, such as "12 minutes". */
export function roughly(seconds: number, trans: TranslationBundle): string {
  const minutes = Math.max(1, Math.round(seconds / MINUTE_S));
  if (minutes < 100) {
    return trans._n('%1 minute', '%1 minutes', minutes);
  }
  const hours = Math.round(minutes / 60);
  return hours < 48
    ? trans._n('%1 hour', '%1 hours', hours)
    : trans._n('%1 day', '%1 days', Math.round(hours / 24));
}

/** The time of day where the user is; with the day, if it is another one. */
export function clock(moment: number, now: number): string {
  const date = new Date(moment);
  const time = date.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false
  });
  if (date.toDateString() === new Date(now).toDateString()) {
    return time;
  }
  const day = date.toLocaleDateString([], { day: 'numeric', month: 'short' });
  return `${day} ${time}`;
}

/** A moment of the contract in milliseconds; null stays null. */
export function instant(text: string | null | undefined): number | null {
  const value = text ? Date.parse(text) : NaN;
  return Number.isNaN(value) ? null : value;
}
