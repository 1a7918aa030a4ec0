import { nullTranslator } from '@jupyterlab/translation';

import { at, NOW } from '../../__tests__/launches';
import {
  clock,
  cores,
  duration,
  inUnit,
  memory,
  memoryUnit,
  resourcesLine,
  roughly
} from '../amounts';

const trans = nullTranslator.load('gavip');

describe('amounts', () => {
  it.each([
    [1000, '1'],
    [500, '0.5'],
    [735, '0.73'],
    [12_340, '12.3']
  ])('writes %d milli-cores as %s', (milli, text) => {
    expect(cores(milli)).toBe(text);
  });

  it.each([
    [2e9, '2 GB'],
    [2 * 2 ** 30, '2 GiB'],
    [512e6, '512 MB'],
    [256 * 2 ** 20, '256 MiB'],
    [1.5e12, '1.5 TB'],
    [2e5, '0.2 MB']
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(memory(bytes)).toBe(text);
  });

  it('uses one unit for use and limit', () => {
    const unit = memoryUnit(2 ** 31);
    expect([inUnit(1e9, unit.bytes), unit.name]).toEqual(['0.9', 'GiB']);
  });

  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [61, '1 min 1 s'],
    [600, '10 min'],
    [3600, '1 h'],
    [4350, '1 h 12 min'],
    [90_000, '1 d 1 h'],
    [-5, '0 s']
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(duration(seconds, trans)).toBe(text);
  });

  it.each([
    [1, '1 minute'],
    [700, '12 minutes'],
    [3 * 3600, '3 hours'],
    [5 * 86_400, '5 days']
  ])('roughly says %d seconds as %s', (seconds, text) => {
    expect(roughly(seconds, trans)).toBe(text);
  });

  it('gives the day only when it is another one', () => {
    expect(clock(Date.parse(at(1)), NOW)).toMatch(/^\d\d:\d\d$/);
    expect(clock(Date.parse(at(3000)), NOW)).toMatch(/24.*\d\d:\d\d$/);
  });

  it('puts limits in one line', () => {
    const line = { cpu_milli: 2000, memory_bytes: 8e9, gpu: 1 };
    expect(resourcesLine(line, trans)).toBe('2 cores · 8 GB · 1 GPU');
  });
});
