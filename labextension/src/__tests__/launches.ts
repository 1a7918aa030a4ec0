/** Launches as the contract words them, for the specs. */

import type { Estimate, Info, Launch, LaunchEvent } from '../api/types';

export const NOW = Date.parse('2026-11-22T10:00:00Z');

/** A moment some minutes from NOW, as the contract words it. */
export function at(minutes: number): string {
  return new Date(NOW + minutes * 60_000).toISOString();
}

/** A running notebook with 1 core and 2 GB, but for the changes. */
export function launch(number = 1, changes: Partial<Launch> = {}): Launch {
  const id = String(number).padStart(16, '0');
  return {
    id,
    number,
    owner: 'stella',
    kind: 'notebook',
    server_name: `lab-${number}`,
    display_name: `Notebook ${number}`,
    resources: { cpu_milli: 1000, memory_bytes: 2e9, gpu: 0 },
    walltime_s: 7200,
    phase: 'running',
    uws_phase: 'EXECUTING',
    version: 1,
    reason: 'It runs.',
    created_at: at(-30),
    admitted_at: at(-20),
    started_at: at(-20),
    running_at: at(-20),
    ended_at: null,
    deadline: at(100),
    attempt: 1,
    engine_name: `gavip-${id}-1`,
    allocation: null,
    wait: null,
    usage: { cpu_milli: 500, memory_bytes: 1.3e9, pids: 20 },
    ending: null,
    peak_memory_bytes: null,
    url: `/user/stella/lab-${number}/`,
    wait_url: `/services/gavip/launches/${id}`,
    options: {},
    ...changes
  };
}

/** A waiting launch. */
export function waiting(number: number, position: number): Launch {
  return launch(number, {
    phase: 'queued',
    reason: 'Waits for memory.',
    running_at: null,
    deadline: null,
    usage: null,
    url: null,
    wait: { position, ahead: position - 1, estimated_start: at(12) }
  });
}

/** A launch that memory ended. */
export function outOfMemory(number: number): Launch {
  return launch(number, {
    phase: 'error',
    ended_at: at(-1),
    usage: null,
    url: null,
    ending: {
      code: 'out_of_memory',
      message: 'It used more memory than its limit.',
      exit_code: 137,
      peak_memory_bytes: 1.99e9
    }
  });
}

/** An event of a launch. */
export function event(
  of: Launch,
  sequence: number,
  kind: LaunchEvent['kind'] = 'phase',
  message = 'It happened.'
): LaunchEvent {
  return {
    sequence,
    launch_id: of.id,
    kind,
    phase: of.phase,
    message,
    at: at(0),
    detail: {},
    launch: of
  };
}

/** A platform with two sizes. */
export function info(): Info {
  const size = (name: string, cores: number, gb: number): Info['sizes'][0] => ({
    name,
    title: name,
    resources: { cpu_milli: cores * 1000, memory_bytes: gb * 1e9, gpu: 0 },
    walltime_s: 3600
  });
  return {
    version: '0.1.0',
    user: 'stella',
    roles: ['scientist'],
    engine: 'fake',
    enforced: [],
    notes: [],
    sizes: [size('S', 1, 2), size('M', 2, 8)],
    default_size: 'S',
    min_resources: { cpu_milli: 100, memory_bytes: 1e8, gpu: 0 },
    max_resources: { cpu_milli: 8000, memory_bytes: 16e9, gpu: 0 },
    min_walltime_s: 60,
    max_walltime_s: 8 * 3600,
    quota: {
      max_running: 4,
      max_waiting: 10,
      max_resources: { cpu_milli: 8000, memory_bytes: 16e9, gpu: 0 }
    },
    used: { cpu_milli: 0, memory_bytes: 0, gpu: 0 },
    idle_timeout_s: null
  };
}

/** An estimate that says "at once". */
export function atOnce(): Estimate {
  return {
    resources: { cpu_milli: 1000, memory_bytes: 2e9, gpu: 0 },
    walltime_s: 3600,
    fits: true,
    now: true,
    position: null,
    reason: 'It would start at once.',
    estimated_start: null,
    wait_s: 0
  };
}
