import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { FakeClient, problem } from '../../__tests__/client';
import { event, launch, outOfMemory, waiting } from '../../__tests__/launches';
import type { Launch, LaunchEvent } from '../../api/types';
import type { IChange } from '../../tokens';
import { CONNECTION_SCHEMA, LAUNCH_SCHEMA, LaunchModel } from '../launches';

class Bus {
  readonly emitted = new Signal<this, Event.Emission>(this);
  serial = 0;

  tell(told: LaunchEvent): void {
    this._emit(LAUNCH_SCHEMA, { ...told });
  }

  link(state: string, detail = ''): void {
    this._emit(CONNECTION_SCHEMA, { state, detail });
  }

  private _emit(schema_id: string, data: object): void {
    this.serial += 1;
    const emission = { schema_id, ...data, serial: this.serial };
    this.emitted.emit(emission as unknown as Event.Emission);
  }
}

const ids = (launches: readonly Launch[]): number[] =>
  launches.map(each => each.number);

describe('LaunchModel', () => {
  let bus: Bus;
  let client: FakeClient;
  let model: LaunchModel;

  beforeEach(async () => {
    bus = new Bus();
    client = new FakeClient();
    client.launches = [
      launch(1),
      launch(2),
      waiting(3, 2),
      waiting(4, 1),
      outOfMemory(5)
    ];
    model = new LaunchModel(client, bus.emitted, 5);
    await model.refresh();
  });

  afterEach(() => model.dispose());

  it('sorts: this session first, then newest; the queue in its order', () => {
    expect(ids(model.running)).toEqual([1, 2]);
    expect(ids(model.waiting)).toEqual([4, 3]);
    expect(ids(model.ended)).toEqual([5]);
    expect(model.current?.number).toBe(1);
  });

  it('takes what the bus tells, and says what was before', () => {
    const changes: IChange[] = [];
    model.happened.connect((_, change) => {
      changes.push(change);
    });
    bus.tell(event(launch(3, { version: 2 }), 7));
    expect(ids(model.running)).toEqual([1, 3, 2]);
    expect(changes[0].before?.phase).toBe('queued');
    expect(changes[0].after.phase).toBe('running');
  });

  it('shows a launch that was asked for elsewhere', () => {
    bus.tell(event(waiting(8, 3), 7));
    expect(ids(model.waiting)).toEqual([4, 3, 8]);
  });

  it('keeps the newer state when an older one arrives late', () => {
    bus.tell(event(launch(2, { version: 5, phase: 'stopping' }), 7));
    bus.tell(event(launch(2, { version: 4 }), 6));
    expect(model.find(launch(2).id)?.phase).toBe('stopping');
  });

  it('reads anew when an event of the bus was missed', async () => {
    client.reads = 0;
    bus.serial += 1;
    client.launches = [launch(6)];
    client.link = { ...client.link, serial: 2 };
    bus.tell(event(launch(1, { version: 2 }), 9));
    await model.refresh();
    expect(client.reads).toBe(2);
    expect(ids(model.running)).toEqual([6]);
  });

  it('asks nothing while all events arrive', () => {
    client.reads = 0;
    for (let i = 0; i < 50; i += 1) {
      bus.tell(event(launch(1), 0, 'usage'));
    }
    expect(client.reads).toBe(0);
  });

  it('reads anew when the service is back', async () => {
    bus.link('reconnecting', 'It does not answer.');
    expect(model.link.state).toBe('reconnecting');
    client.launches = [launch(6)];
    client.link = { ...client.link, serial: 2 };
    bus.link('connected');
    await model.refresh();
    expect(model.link.state).toBe('connected');
    expect(ids(model.running)).toEqual([6]);
  });

  it('keeps what it knows while the service is away, and comes back', async () => {
    client.failure = problem({ status: 503, detail: 'It is away.' });
    await model.refresh();
    expect(model.link).toMatchObject({
      state: 'reconnecting',
      detail: 'It is away.'
    });
    expect(ids(model.running)).toEqual([1, 2]);
    client.failure = null;
    await new Promise<void>(done => {
      model.changed.connect(() => {
        if (model.link.state === 'connected') {
          done();
        }
      });
    });
  });

  it('says when the token is refused', async () => {
    client.failure = problem({ status: 403 });
    await model.refresh();
    expect(model.link.state).toBe('refused');
  });

  it('clears ended launches from view, but not those to come', () => {
    model.clearEnded();
    expect(model.ended).toEqual([]);
    bus.tell(event({ ...outOfMemory(2), version: 2 }, 7));
    expect(ids(model.ended)).toEqual([2]);
  });

  it("goes by the server's clock when the browser's is wrong", async () => {
    client.at = Date.now() - 3_600_000;
    await model.refresh();
    expect(Math.abs(model.now() - client.at)).toBeLessThan(60_000);
  });

  it('lets go of the bus', () => {
    model.dispose();
    bus.tell(event(launch(9), 7));
    expect(model.find(launch(9).id)).toBeNull();
  });
});
