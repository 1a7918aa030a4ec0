/** My launches: read once, then kept by the event bus. */

import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ILaunchClient } from '../api/client';
import { ProblemError } from '../api/client';
import type { ILinkStatus, Launch, LaunchEvent } from '../api/types';
import type { IChange, ILaunchModel } from '../tokens';
import { instant } from './amounts';
import { isEnded, isWaiting } from './words';

export const LAUNCH_SCHEMA = 'urn:gavip:event:launch:v1';
export const CONNECTION_SCHEMA = 'urn:gavip:event:connection:v1';

const ENDED_PHASES = ['completed', 'error', 'aborted'];
const LIVE_LIMIT = 200;
const ENDED_LIMIT = 10;
const NOTABLE_SKEW_MS = 2000;

/** The model behind the panel, the status bar and the notifications. */
export class LaunchModel implements ILaunchModel, IDisposable {
  constructor(
    readonly client: ILaunchClient,
    private readonly _bus: ISignal<unknown, Event.Emission>,
    private readonly _retryMs = 5000
  ) {
    this._bus.connect(this._onEmission, this);
  }

  get link(): ILinkStatus {
    return this._link;
  }

  get loaded(): boolean {
    return this._loaded;
  }

  get running(): readonly Launch[] {
    return this._where(each => !isWaiting(each) && !isEnded(each)).sort(
      (a, b) => this._rank(b) - this._rank(a)
    );
  }

  get waiting(): readonly Launch[] {
    return this._where(isWaiting).sort(
      (a, b) =>
        (a.wait?.position || Infinity) - (b.wait?.position || Infinity) ||
        a.number - b.number
    );
  }

  get ended(): readonly Launch[] {
    return this._where(each => isEnded(each) && !this._cleared.has(each.id))
      .sort((a, b) => (instant(b.ended_at) ?? 0) - (instant(a.ended_at) ?? 0))
      .slice(0, ENDED_LIMIT);
  }

  get current(): Launch | null {
    return this.find(this._link.launch_id);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get happened(): ISignal<this, IChange> {
    return this._happened;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._retry);
    this._bus.disconnect(this._onEmission, this);
    Signal.clearData(this);
  }

  now(): number {
    return Date.now() + this._skewMs;
  }

  find(id: string): Launch | null {
    return this._launches.get(id) ?? null;
  }

  take(launch: Launch): void {
    if (this._put(launch)) {
      this._changed.emit();
    }
  }

  clearEnded(): void {
    this.ended.forEach(launch => this._cleared.add(launch.id));
    this._changed.emit();
  }

  /** Read everything anew; calls that overlap share one reading. */
  refresh(): Promise<void> {
    this._reading ??= this._read().finally(() => {
      this._reading = null;
    });
    return this._reading;
  }

  private async _read(): Promise<void> {
    window.clearTimeout(this._retry);
    const heard = this._heard;
    try {
      const status = await this.client.status();
      this._link = status.value;
      if (heard === this._heard) {
        this._serial = status.value.serial;
      }
      const skew = (status.at ?? Date.now()) - Date.now();
      this._skewMs = Math.abs(skew) > NOTABLE_SKEW_MS ? skew : 0;
      if (this._link.state !== 'absent') {
        await this._readLaunches();
      }
    } catch (error) {
      this._away(error);
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private async _readLaunches(): Promise<void> {
    const known = new Map(this._launches);
    const [live, ended] = await Promise.all([
      this.client.list(['live'], LIVE_LIMIT),
      this.client.list(ENDED_PHASES, ENDED_LIMIT)
    ]);
    const told = new Set<string>();
    for (const launch of [...live.launches, ...ended.launches]) {
      told.add(launch.id);
      this._put(launch);
    }
    for (const [id, launch] of known) {
      if (!told.has(id) && this._launches.get(id) === launch) {
        this._launches.delete(id);
      }
    }
    this._loaded = true;
  }

  /** Say that the service is away, and look again when nobody tells us. */
  private _away(error: unknown): void {
    if (!(error instanceof ProblemError)) {
      throw error;
    }
    const refused = [401, 403].includes(error.problem.status);
    this._link = {
      ...this._link,
      state: refused ? 'refused' : 'reconnecting',
      detail: error.problem.detail
    };
    this._retry = window.setTimeout(() => {
      void this.refresh();
    }, this._retryMs);
  }

  private _onEmission(_: unknown, emission: Event.Emission): void {
    if (emission.schema_id === LAUNCH_SCHEMA) {
      this._listen(emission['serial']);
      this._onLaunch(emission as unknown as LaunchEvent);
    } else if (emission.schema_id === CONNECTION_SCHEMA) {
      this._listen(emission['serial']);
      const { state, detail } = emission as unknown as ILinkStatus;
      const back = state === 'connected' && this._link.state !== 'connected';
      this._link = { ...this._link, state, detail };
      this._changed.emit();
      if (back) {
        void this.refresh();
      }
    }
  }

  /** Count the events of the bus, and read anew if some were missed. */
  private _listen(serial: unknown): void {
    const missed = this._serial !== null && serial !== this._serial + 1;
    this._serial = Number(serial);
    this._heard += 1;
    if (missed && !this._reading) {
      void this.refresh();
    }
  }

  private _onLaunch(event: LaunchEvent): void {
    const after = event.launch;
    if (!after) {
      return;
    }
    const before = this.find(after.id);
    if (this._put(after)) {
      this._happened.emit({ event, before, after });
      this._changed.emit();
    }
  }

  /** Keep a launch unless a newer state of it is known. */
  private _put(launch: Launch): boolean {
    const held = this._launches.get(launch.id);
    if (this._isDisposed || (held && held.version > launch.version)) {
      return false;
    }
    this._launches.set(launch.id, launch);
    return true;
  }

  /** This session first, then the newest. */
  private _rank(launch: Launch): number {
    return launch.id === this._link.launch_id ? Infinity : launch.number;
  }

  private _where(wanted: (launch: Launch) => boolean): Launch[] {
    return [...this._launches.values()].filter(wanted);
  }

  private _launches = new Map<string, Launch>();
  private _cleared = new Set<string>();
  private _link: ILinkStatus = {
    state: 'connecting',
    detail: '',
    launch_id: '',
    user: '',
    serial: 0
  };
  private _loaded = false;
  private _serial: number | null = null;
  private _heard = 0;
  private _skewMs = 0;
  private _reading: Promise<void> | null = null;
  private _retry = 0;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
  private _happened = new Signal<this, IChange>(this);
}
