import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { FakeClient, problem } from '../../__tests__/client';
import { info, launch } from '../../__tests__/launches';
import type { LaunchRequest } from '../../api/types';
import { FormModel, OWN, timeText } from '../form';
import { LaunchModel } from '../launches';

describe('FormModel', () => {
  let client: FakeClient;
  let form: FormModel;

  async function begin(preset: LaunchRequest = {}): Promise<void> {
    client = new FakeClient();
    client.launches = [launch(1, { server_name: 'hyades' })];
    const bus = new Signal<object, Event.Emission>({});
    const model = new LaunchModel(client, bus);
    await model.refresh();
    form = new FormModel(model, info(), await client.capacity(), preset);
    await Promise.resolve();
  }

  afterEach(() => form.dispose());

  it('begins with the default size and its estimate', async () => {
    await begin();
    expect(form.size).toBe('S');
    expect(form.value('memory')).toBe('2 GB');
    expect(form.estimate('M')?.now).toBe(true);
  });

  it('begins with what was asked for before', async () => {
    await begin({
      cpu: 1,
      memory: 8e9,
      walltime: 5400,
      display_name: 'Hyades'
    });
    expect(form.size).toBe(OWN);
    expect(form.value('memory')).toBe('8 GB');
    expect(form.value('walltime')).toBe('1h30m');
  });

  it('sends a size, with a server name that is free', async () => {
    await begin();
    form.write('name', 'Hyades');
    form.pick('M');
    await form.submit();
    expect(client.submitted[0].request).toEqual({
      kind: 'notebook',
      display_name: 'Hyades',
      server_name: 'hyades-2',
      size: 'M'
    });
  });

  it('sends own amounts as they were typed', async () => {
    await begin();
    form.write('memory', ' 3 GB');
    await form.submit();
    const { request } = client.submitted[0];
    expect(request).toMatchObject({ cpu: '1', memory: '3 GB', walltime: '1h' });
    expect(request.size).toBeUndefined();
  });

  it('puts a refusal at its field, until the field changes', async () => {
    await begin();
    client.failure = problem({ field: 'memory', detail: 'Too much.' });
    expect(await form.submit()).toBeNull();
    expect(form.error('memory')).toBe('Too much.');
    form.write('memory', '1 GB');
    expect(form.error('memory')).toBe('');
  });

  it('shows a refusal of no field for the whole', async () => {
    await begin();
    client.failure = problem({ detail: 'Too many wait already.' });
    await form.submit();
    expect(form.failure).toBe('Too many wait already.');
  });

  it('asks again under the same key after a lost answer', async () => {
    await begin();
    client.failure = problem({ status: 503 });
    await form.submit();
    await form.submit();
    form.pick('M');
    await form.submit();
    const keys = client.submitted.map(each => each.key);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });
});

describe('timeText', () => {
  it.each([
    [3600, '1h'],
    [5400, '1h30m'],
    [600, '10m'],
    [20, '0m']
  ])('writes %d s as %s', (seconds, text) => {
    expect(timeText(seconds)).toBe(text);
  });
});
