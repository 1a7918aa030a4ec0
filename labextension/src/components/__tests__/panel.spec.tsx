import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import {
  at,
  launch,
  NOW,
  outOfMemory,
  waiting
} from '../../__tests__/launches';
import type { Launch } from '../../api/types';
import type { ILaunchModel } from '../../tokens';
import { Panel } from '../panel';

const trans = nullTranslator.load('gavip');

function show(
  launches: { running?: Launch[]; waiting?: Launch[]; ended?: Launch[] },
  state = 'connected'
): Record<string, jest.Mock> {
  const acts = {
    open: jest.fn(),
    stop: jest.fn(),
    extend: jest.fn(),
    larger: jest.fn(),
    create: jest.fn(),
    clear: jest.fn(),
    retry: jest.fn()
  };
  const model = {
    running: [],
    waiting: [],
    ended: [],
    loaded: true,
    link: { state, detail: 'Why.', launch_id: launch(1).id },
    ...launches
  } as unknown as ILaunchModel;
  render(<Panel model={model} now={NOW} spoken="" acts={acts} trans={trans} />);
  return acts;
}

describe('Panel', () => {
  it('shows use against the limit to everybody', () => {
    show({ running: [launch(2)] });
    const meter = screen.getByRole('meter', { name: /Memory/ });
    expect(meter.getAttribute('aria-valuenow')).toBe('1300000000');
    expect(meter.getAttribute('aria-valuemax')).toBe('2000000000');
    expect(meter.getAttribute('aria-valuetext')).toBe('1.3 of 2 GB');
  });

  it('marks time that runs out', () => {
    show({ running: [launch(2, { deadline: at(9) })] });
    expect(screen.getByText('9 min left').dataset.urgency).toBe('now');
  });

  it('offers for this session no second tab', () => {
    show({ running: [launch(1)] });
    expect(screen.getByText('This session')).toBeTruthy();
    expect(screen.queryByRole('button', { name: /Open/ })).toBeNull();
  });

  it('says place, reason and start of what waits', () => {
    const acts = show({ waiting: [waiting(3, 2)] });
    const card = screen.getByRole('listitem');
    expect(card.textContent).toContain('place 2 in the queue');
    expect(card.textContent).toContain('Waits for memory.');
    expect(card.textContent).toContain('in 12 minutes');
    fireEvent.click(within(card).getByRole('button', { name: /queue/ }));
    expect(acts.stop).toHaveBeenCalled();
  });

  it('explains an end and offers more memory', () => {
    const acts = show({ ended: [outOfMemory(5)] });
    const card = screen.getByRole('listitem');
    expect(card.textContent).toContain('Peak memory 2 GB of 2 GB.');
    fireEvent.click(within(card).getByRole('button', { name: /memory/ }));
    expect(acts.larger).toHaveBeenCalled();
  });

  it('says that it is reconnecting', () => {
    show({ running: [launch(2)] }, 'reconnecting');
    expect(screen.getByRole('alert').textContent).toContain('Why.');
  });

  it('explains itself outside a platform', () => {
    show({}, 'absent');
    expect(screen.getByText('No platform here')).toBeTruthy();
  });

  it('labels every button', () => {
    show({
      running: [launch(1), launch(2)],
      waiting: [waiting(3, 1)],
      ended: [outOfMemory(4)]
    });
    for (const button of screen.getAllByRole('button')) {
      const label = button.getAttribute('aria-label') ?? button.textContent;
      expect(label).toMatch(/\w+/);
    }
  });
});
