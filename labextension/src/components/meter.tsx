/** One resource in use against its limit. */

import * as React from 'react';

/** Above this share a bar turns to the warning colour. */
const NEARLY_FULL = 0.9;

export interface IMeterProps {
  label: string;
  /** What a screen reader calls it, such as "Memory of pleiades". */
  description: string;
  value: number;
  limit: number;
  /** Value and limit in words. */
  text: string;
  /** Whether coming near the limit is a reason to worry. */
  warns?: boolean;
}

export function Meter(props: IMeterProps): JSX.Element {
  const { label, description, value, limit, text, warns } = props;
  const share = limit > 0 ? Math.min(1, value / limit) : 0;
  const full = warns === true && share >= NEARLY_FULL;
  return (
    <div className="jp-gavip-Meter" data-full={full}>
      <span className="jp-gavip-Meter-label">{label}</span>
      <div
        className="jp-gavip-Meter-track"
        role="meter"
        aria-label={description}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(value, limit)}
        aria-valuetext={text}
      >
        <div
          className="jp-gavip-Meter-bar"
          style={{ width: `${(100 * share).toFixed(1)}%` }}
        />
      </div>
      <span className="jp-gavip-Meter-text" aria-hidden="true">
        {text}
      </span>
    </div>
  );
}
