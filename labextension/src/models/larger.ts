/** What to ask for after memory ran out, and how to name it; pure. */

import type { Info, Launch, LaunchRequest } from '../api/types';

/** The request that would give a launch more memory; null if there is no more. */
export function withMoreMemory(
  launch: Launch,
  info: Info
): LaunchRequest | null {
  const had = launch.resources;
  const size = [...info.sizes]
    .sort((a, b) => a.resources.memory_bytes - b.resources.memory_bytes)
    .find(
      each =>
        each.resources.memory_bytes > had.memory_bytes &&
        each.resources.cpu_milli >= had.cpu_milli &&
        each.resources.memory_bytes <= info.max_resources.memory_bytes
    );
  const memory =
    size?.resources.memory_bytes ??
    Math.min(2 * had.memory_bytes, info.max_resources.memory_bytes);
  if (memory <= had.memory_bytes) {
    return null;
  }
  return {
    kind: launch.kind,
    display_name: launch.display_name,
    cpu: had.cpu_milli / 1000,
    memory,
    gpu: had.gpu,
    walltime: launch.walltime_s
  };
}

const LONGEST_NAME = 30;

/** A server name for what people call it, which no live launch has. */
export function serverName(called: string, taken: Set<string>): string {
  const plain = called
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const stem = trimmed(plain.slice(0, LONGEST_NAME)) || 'lab';
  let name = stem;
  for (let count = 2; taken.has(name); count += 1) {
    const suffix = `-${count}`;
    name = trimmed(stem.slice(0, LONGEST_NAME - suffix.length)) + suffix;
  }
  return name;
}

function trimmed(name: string): string {
  return name.replace(/^-+|-+$/g, '');
}
