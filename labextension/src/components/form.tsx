/** The inside of the dialog "New launch". */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Estimate, Size } from '../api/types';
import { duration, resourcesLine } from '../models/amounts';
import type { Field, FormModel } from '../models/form';
import { OWN } from '../models/form';
import { estimateOf } from '../models/words';

export interface IFormProps {
  form: FormModel;
  trans: TranslationBundle;
}

export function Form({ form, trans }: IFormProps): JSX.Element {
  const { info, capacity, refusals } = form;
  const node = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (refusals) {
      node.current
        ?.querySelector<HTMLElement>('input[aria-invalid=true]')
        ?.focus();
    }
  }, [refusals]);
  return (
    <div className="jp-gavip-Form" ref={node} aria-busy={form.busy}>
      <TextField
        form={form}
        field="name"
        label={trans.__('Name')}
        hint={trans.__('Optional; what you read in lists.')}
      />
      <fieldset>
        <legend>{trans.__('Size')}</legend>
        <div className="jp-gavip-Form-sizes" role="radiogroup">
          {info.sizes.map(size => (
            <SizeChoice key={size.name} form={form} size={size} trans={trans} />
          ))}
          <OwnChoice form={form} trans={trans} />
        </div>
      </fieldset>
      <div className="jp-gavip-Form-amounts">
        <TextField form={form} field="cpu" label={trans.__('Cores')} hint="" />
        <TextField
          form={form}
          field="memory"
          label={trans.__('Memory')}
          hint=""
        />
        <TextField
          form={form}
          field="walltime"
          label={trans.__('Time limit')}
          hint=""
        />
      </div>
      {form.failure && (
        <p className="jp-gavip-Form-error" role="alert">
          {form.failure}
        </p>
      )}
      <p className="jp-gavip-Form-free">
        {trans.__(
          'Free now: %1; the largest piece is %2.',
          resourcesLine(capacity.free, trans),
          resourcesLine(capacity.largest_free, trans)
        )}{' '}
        {trans._n('%1 launch waits.', '%1 launches wait.', capacity.waiting)}
      </p>
    </div>
  );
}

function SizeChoice(props: IFormProps & { size: Size }): JSX.Element {
  const { form, size, trans } = props;
  return (
    <Choice
      form={form}
      trans={trans}
      name={size.name}
      title={size.title}
      lines={[
        resourcesLine(size.resources, trans),
        duration(size.walltime_s, trans)
      ]}
    />
  );
}

function OwnChoice({ form, trans }: IFormProps): JSX.Element {
  return (
    <Choice
      form={form}
      trans={trans}
      name={OWN}
      title={trans.__('Your own')}
      lines={[trans.__('the amounts below')]}
    />
  );
}

function Choice(
  props: IFormProps & { name: string; title: string; lines: string[] }
): JSX.Element {
  const { form, trans, name, title, lines } = props;
  const estimate = form.estimate(name);
  const chosen = form.size === name;
  return (
    <label className="jp-gavip-Choice" data-chosen={chosen}>
      <input
        type="radio"
        name="gavip-size"
        value={name}
        checked={chosen}
        onChange={() => form.pick(name)}
      />
      <span className="jp-gavip-Choice-title">{title}</span>
      {lines.map(line => (
        <span key={line} className="jp-gavip-Choice-line">
          {line}
        </span>
      ))}
      <span
        className="jp-gavip-Choice-when"
        data-when={whenOf(estimate)}
        title={estimate?.reason ?? ''}
      >
        {estimate ? estimateOf(estimate, trans) : '\u00a0'}
      </span>
    </label>
  );
}

function whenOf(estimate?: Estimate): string {
  if (!estimate) {
    return 'unknown';
  }
  return !estimate.fits ? 'never' : estimate.now ? 'now' : 'later';
}

function TextField(props: {
  form: FormModel;
  field: Field;
  label: string;
  hint: string;
}): JSX.Element {
  const { form, field, label, hint } = props;
  const id = React.useId();
  const error = form.error(field);
  const said = error || hint;
  return (
    <div className="jp-gavip-Field" data-field={field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type="text"
        maxLength={field === 'name' ? 120 : 40}
        spellCheck={false}
        autoComplete="off"
        value={form.value(field)}
        aria-invalid={Boolean(error)}
        aria-describedby={said ? `${id}-said` : undefined}
        onChange={event => form.write(field, event.target.value)}
      />
      {said && (
        <span
          id={`${id}-said`}
          className="jp-gavip-Field-said"
          data-error={Boolean(error)}
          role={error ? 'alert' : undefined}
        >
          {said}
        </span>
      )}
    </div>
  );
}
