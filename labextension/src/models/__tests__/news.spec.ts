import { nullTranslator } from '@jupyterlab/translation';

import { event, launch, outOfMemory, waiting } from '../../__tests__/launches';
import { newsOf, spokenOf } from '../news';

const trans = nullTranslator.load('gavip');

describe('newsOf', () => {
  it('tells that a launch is ready, with a way to open it', () => {
    const after = launch(2);
    const change = { event: event(after, 1), before: waiting(2, 1), after };
    expect(newsOf(change, false, trans)).toMatchObject({
      topic: 'started',
      message: 'Notebook 2 is ready.',
      acts: ['open']
    });
  });

  it('does not tell the user of this session that it started', () => {
    const after = launch(1);
    const change = { event: event(after, 1), before: null, after };
    expect(newsOf(change, true, trans)).toBeNull();
  });

  it('announces the end, with a way to extend', () => {
    const after = launch(2);
    const told = event(after, 1, 'warning', 'It ends in 10 minutes.');
    const change = { event: told, before: after, after };
    expect(newsOf(change, true, trans)).toMatchObject({
      topic: 'ending',
      message: 'Notebook 2: It ends in 10 minutes.',
      acts: ['extend']
    });
  });

  it.each([
    ['walltime', 'extend'],
    ['idle', 'show'],
    ['out_of_memory', 'larger']
  ])('offers what helps against %s', (cause, act) => {
    const after = launch(2);
    const told = { ...event(after, 1, 'warning'), detail: { cause } };
    const change = { event: told, before: after, after };
    expect(newsOf(change, false, trans)?.acts).toEqual([act]);
  });

  it('explains an end for want of memory', () => {
    const after = outOfMemory(2);
    const change = { event: event(after, 1), before: launch(2), after };
    expect(newsOf(change, false, trans)).toMatchObject({
      topic: 'ended',
      type: 'error',
      message:
        'Notebook 2: It used more memory than its limit. Peak memory 2 GB of 2 GB.',
      acts: ['larger']
    });
  });

  it('tells the end of this session while it still can', () => {
    const { ending } = outOfMemory(1);
    const after = launch(1, { phase: 'stopping', ending });
    const change = { event: event(after, 1), before: launch(1), after };
    expect(newsOf(change, true, trans)?.topic).toBe('ended');
    expect(newsOf(change, false, trans)).toBeNull();
  });

  it('has no word for use and places', () => {
    const after = waiting(2, 1);
    const change = {
      event: event(after, 0, 'queue'),
      before: waiting(2, 2),
      after
    };
    expect(newsOf(change, false, trans)).toBeNull();
  });
});

describe('spokenOf', () => {
  it('speaks a new place once', () => {
    const after = waiting(2, 1);
    const told = event(after, 0, 'queue');
    const moved = { event: told, before: waiting(2, 2), after };
    expect(spokenOf(moved, trans)).toBe('Notebook 2: next in the queue');
    expect(spokenOf({ ...moved, before: after }, trans)).toBe('');
  });

  it('speaks an end with its reason', () => {
    const after = outOfMemory(2);
    const change = { event: event(after, 1), before: launch(2), after };
    expect(spokenOf(change, trans)).toBe(
      'Notebook 2: Out of memory. It used more memory than its limit.'
    );
  });
});
