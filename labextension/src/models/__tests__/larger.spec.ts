import { info, launch } from '../../__tests__/launches';
import { serverName, withMoreMemory } from '../larger';

describe('withMoreMemory', () => {
  it('takes the next size that has more', () => {
    expect(withMoreMemory(launch(), info())?.memory).toBe(8e9);
  });

  it('doubles beyond the largest size, up to what may be', () => {
    const resources = { cpu_milli: 1000, memory_bytes: 12e9, gpu: 0 };
    expect(withMoreMemory(launch(1, { resources }), info())?.memory).toBe(16e9);
  });

  it('has no answer when there is no more', () => {
    const resources = { cpu_milli: 1000, memory_bytes: 16e9, gpu: 0 };
    expect(withMoreMemory(launch(1, { resources }), info())).toBeNull();
  });
});

describe('serverName', () => {
  const taken = new Set(['lab', 'hyades']);

  it.each([
    ['Pleiades, proper motions', 'pleiades-proper-motions'],
    ['Étoiles', 'etoiles'],
    ['', 'lab-2'],
    ['Hyades', 'hyades-2'],
    ['日本', 'lab-2'],
    ['x'.repeat(50), 'x'.repeat(30)]
  ])('calls %p %s', (called, name) => {
    expect(serverName(called, taken)).toBe(name);
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});
