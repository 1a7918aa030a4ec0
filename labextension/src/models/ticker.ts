/** A heartbeat for what counts down; it rests while nobody looks. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/** Emits every second while the page is visible. */
export class Ticker implements IDisposable {
  constructor(private readonly _periodMs = 1000) {
    document.addEventListener('visibilitychange', this._onVisibility);
    this._onVisibility();
  }

  get ticked(): ISignal<this, void> {
    return this._ticked;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    document.removeEventListener('visibilitychange', this._onVisibility);
    window.clearInterval(this._timer);
    Signal.clearData(this);
  }

  private _onVisibility = (): void => {
    window.clearInterval(this._timer);
    if (document.visibilityState !== 'hidden') {
      this._ticked.emit();
      this._timer = window.setInterval(
        () => this._ticked.emit(),
        this._periodMs
      );
    }
  };

  private _timer = 0;
  private _isDisposed = false;
  private _ticked = new Signal<this, void>(this);
}
