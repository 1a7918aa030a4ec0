/** A section of launches whose cards the arrow keys walk through. */

import * as React from 'react';

import type { Launch } from '../api/types';
import type { ICardProps } from './card';
import { Card, cardMood } from './card';
import { nameOf, phaseOf } from '../models/words';

export interface ISectionProps extends Omit<
  ICardProps,
  'launch' | 'isThisSession'
> {
  title: string;
  launches: readonly Launch[];
  thisSession: string;
  /** A control beside the title. */
  aside?: JSX.Element;
}

export function Section(props: ISectionProps): JSX.Element | null {
  const { title, launches, thisSession, aside, ...rest } = props;
  const { trans, acts } = rest;
  const [active, setActive] = React.useState('');
  const heading = React.useId();
  if (!launches.length) {
    return null;
  }
  const stop = launches.some(each => each.id === active)
    ? active
    : launches[0].id;
  return (
    <section className="jp-gavip-Section" aria-labelledby={heading}>
      <header>
        <h3 id={heading}>
          {title}{' '}
          <span className="jp-gavip-Section-count">{launches.length}</span>
        </h3>
        {aside}
      </header>
      <ul onKeyDown={walk}>
        {launches.map(launch => (
          <li
            key={launch.id}
            className="jp-gavip-Card"
            data-mood={cardMood(launch)}
            data-launch={launch.id}
            tabIndex={launch.id === stop ? 0 : -1}
            aria-label={`${nameOf(launch, trans)}, ${phaseOf(launch, trans)}`}
            onFocus={() => setActive(launch.id)}
            onKeyDown={event => {
              const own = event.target === event.currentTarget;
              if (own && event.key === 'Enter' && launch.url) {
                acts.open(launch);
              }
            }}
          >
            <Card
              {...rest}
              launch={launch}
              isThisSession={launch.id === thisSession}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Move the focus between cards, across sections. */
function walk(event: React.KeyboardEvent<HTMLElement>): void {
  const panel = event.currentTarget.closest('.jp-gavip-Panel');
  const cards = [
    ...(panel ?? event.currentTarget).querySelectorAll<HTMLElement>(
      '.jp-gavip-Card'
    )
  ];
  const here = cards.indexOf(event.target as HTMLElement);
  const goals: Record<string, number> = {
    ArrowDown: here + 1,
    ArrowUp: here - 1,
    Home: 0,
    End: cards.length - 1
  };
  const goal = cards[goals[event.key]];
  if (here >= 0 && goal) {
    event.preventDefault();
    goal.focus();
  }
}
