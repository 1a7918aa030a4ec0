/** This session in the status bar: use against limits, and the time left. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Launch } from '../api/types';
import { cores, inUnit, memoryUnit } from '../models/amounts';
import { secondsLeft, timeLeft, urgencyOf } from '../models/words';

export interface IStatusProps {
  launch: Launch;
  now: number;
  onClick(): void;
  trans: TranslationBundle;
}

export function Status(props: IStatusProps): JSX.Element {
  const { launch, now, onClick, trans } = props;
  const { usage, resources } = launch;
  const unit = memoryUnit(resources.memory_bytes);
  const left = secondsLeft(launch, now);
  const cpu = usage
    ? trans.__('CPU %1/%2', cores(usage.cpu_milli), cores(resources.cpu_milli))
    : trans.__('CPU –/%1', cores(resources.cpu_milli));
  const used = usage ? inUnit(usage.memory_bytes, unit.bytes) : '–';
  const full =
    usage !== null && usage.memory_bytes > 0.9 * resources.memory_bytes;
  return (
    <button
      type="button"
      className="jp-gavip-Status"
      title={trans.__('This session and its limits; click for all launches')}
      onClick={onClick}
    >
      <span>{cpu}</span>
      <span data-full={full}>
        {trans.__(
          'Mem %1/%2 %3',
          used,
          inUnit(resources.memory_bytes, unit.bytes),
          unit.name
        )}
      </span>
      {left !== null && (
        <span data-urgency={urgencyOf(left)}>{timeLeft(left, trans)}</span>
      )}
    </button>
  );
}
