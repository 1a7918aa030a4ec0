/** What is about to be asked for: choices, estimates and what is wrong with them. */

import type { IDisposable } from '@lumino/disposable';
import { UUID } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { ProblemError } from '../api/client';
import type {
  Capacity,
  Estimate,
  Info,
  Launch,
  LaunchRequest,
  Wish
} from '../api/types';
import type { ILaunchModel } from '../tokens';
import { cores, memory } from './amounts';
import { serverName } from './larger';

/** The fields that a person can fill. */
export type Field = 'name' | 'cpu' | 'memory' | 'walltime';

/** The choice of amounts that no size stands for. */
export const OWN = '';

const FIELD_OF: Record<string, Field> = {
  cpu: 'cpu',
  memory: 'memory',
  walltime: 'walltime',
  display_name: 'name',
  server_name: 'name'
};
const PAUSE_MS = 350;

/** The state of the dialog "New launch". */
export class FormModel implements IDisposable {
  constructor(
    private readonly _model: ILaunchModel,
    readonly info: Info,
    readonly capacity: Capacity,
    preset: LaunchRequest = {}
  ) {
    this._kind = preset.kind ?? 'notebook';
    this._values.name = preset.display_name ?? '';
    const wanted = preset.size ?? (preset.memory ? OWN : info.default_size);
    this.pick(wanted ?? OWN);
    if (preset.cpu) {
      this._values.cpu = cores(Number(preset.cpu) * 1000);
    }
    if (preset.memory) {
      this._values.memory = memory(Number(preset.memory));
    }
    if (preset.walltime) {
      this._values.walltime = timeText(Number(preset.walltime));
    }
    this._model.changed.connect(this._onQueue, this);
    this._ask();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The chosen size; OWN for amounts of one's own. */
  get size(): string {
    return this._size;
  }

  get busy(): boolean {
    return this._busy;
  }

  /** What is wrong with the whole ask; empty if nothing. */
  get failure(): string {
    return this._failure;
  }

  /** How often an ask was refused; the wrong field wants the focus then. */
  get refusals(): number {
    return this._refusals;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  value(field: Field): string {
    return this._values[field];
  }

  error(field: Field): string {
    return this._errors[field] ?? '';
  }

  /** The estimate of a size, or of the own amounts; undefined while unknown. */
  estimate(size: string): Estimate | undefined {
    return this._estimates.get(size);
  }

  /** Choose a size, which fills the amounts. */
  pick(name: string): void {
    const size = this.info.sizes.find(each => each.name === name);
    this._size = size ? name : OWN;
    const from = size ?? this._defaultSize();
    if (size || !this._values.cpu) {
      this._values.cpu = cores(from.resources.cpu_milli);
      this._values.memory = memory(from.resources.memory_bytes);
      this._values.walltime = timeText(from.walltime_s);
    }
    this._errors = {};
    this._changeMind();
  }

  /** Write into a field; an amount of one's own leaves the sizes. */
  write(field: Field, text: string): void {
    this._values[field] = text;
    delete this._errors[field];
    if (field !== 'name') {
      this._size = OWN;
      this._estimates.delete(OWN);
      this._askSoon(false);
    }
    this._changeMind();
  }

  /** Ask; returns the launch, or null if something is to be mended first. */
  async submit(): Promise<Launch | null> {
    this._busy = true;
    this._errors = {};
    this._failure = '';
    this._changed.emit();
    try {
      this._asked ??= { key: UUID.uuid4(), request: this._request() };
      const { key, request } = this._asked;
      const launch = await this._model.client.submit(request, key);
      this._model.take(launch);
      return launch;
    } catch (error) {
      this._blame(error);
      this._refusals += 1;
      return null;
    } finally {
      this._busy = false;
      this._changed.emit();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._model.changed.disconnect(this._onQueue, this);
    Signal.clearData(this);
  }

  /** What was asked before, perhaps in vain, is another ask from now on. */
  private _changeMind(): void {
    this._asked = null;
    this._failure = '';
    this._changed.emit();
  }

  private _request(): LaunchRequest {
    const name = this._values.name.trim();
    const live = [...this._model.running, ...this._model.waiting];
    const taken = new Set(live.map(launch => launch.server_name));
    return {
      kind: this._kind,
      display_name: name,
      server_name: serverName(name, taken),
      ...(this._size ? { size: this._size } : this._own())
    };
  }

  private _own(): Wish {
    return {
      cpu: this._values.cpu.trim(),
      memory: this._values.memory.trim(),
      walltime: this._values.walltime.trim()
    };
  }

  private _defaultSize(): Info['sizes'][number] {
    const { sizes, default_size } = this.info;
    return sizes.find(each => each.name === default_size) ?? sizes[0];
  }

  private _onQueue(): void {
    this._askSoon(true);
  }

  /** Ask when the typing, or the stream of events, pauses. */
  private _askSoon(forSizes: boolean): void {
    this._sizesDue ||= forSizes;
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this._ask(), PAUSE_MS);
  }

  private _ask(): void {
    if (this._sizesDue) {
      this._sizesDue = false;
      const names = this.info.sizes.map(size => size.name);
      void this._estimate(
        names,
        names.map(size => ({ size }))
      );
    }
    if (this._size === OWN) {
      void this._estimate([OWN], [this._own()]);
    }
  }

  private async _estimate(names: string[], wishes: Wish[]): Promise<void> {
    const asked = JSON.stringify(wishes);
    try {
      const { estimates } = await this._model.client.estimate(wishes);
      const stale = names[0] === OWN && asked !== JSON.stringify([this._own()]);
      if (!stale && !this._isDisposed) {
        names.forEach((name, i) => this._estimates.set(name, estimates[i]));
      }
    } catch (error) {
      if (names[0] === OWN && asked === JSON.stringify([this._own()])) {
        this._blame(error);
      }
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _blame(error: unknown): void {
    if (!(error instanceof ProblemError)) {
      throw error;
    }
    const words = (error.problem.field ?? '').split('.');
    const word = words.find(each => each in FIELD_OF);
    if (word) {
      this._errors[FIELD_OF[word]] = error.problem.detail;
    } else {
      this._failure = error.problem.detail;
    }
  }

  private _kind: NonNullable<LaunchRequest['kind']>;
  private _size = OWN;
  private _values: Record<Field, string> = {
    name: '',
    cpu: '',
    memory: '',
    walltime: ''
  };
  private _errors: Partial<Record<Field, string>> = {};
  private _failure = '';
  private _refusals = 0;
  private _busy = false;
  private _asked: { key: string; request: LaunchRequest } | null = null;
  private _estimates = new Map<string, Estimate>();
  private _timer = 0;
  private _sizesDue = true;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** A time limit as the service reads it back, such as "1h30m". */
export function timeText(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return `${hours ? `${hours}h` : ''}${rest || !hours ? `${rest}m` : ''}`;
}
