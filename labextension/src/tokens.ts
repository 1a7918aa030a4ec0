/** What this extension offers to other plugins. */

import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { ILaunchClient } from './api/client';
import type { ILinkStatus, Launch, LaunchEvent } from './api/types';

/** Something that happened to a launch, seen live. */
export interface IChange {
  event: LaunchEvent;
  /** The launch before, if it was known. */
  before: Launch | null;
  /** The launch as it is now. */
  after: Launch;
}

/** My launches, live. */
export interface ILaunchModel {
  /** How the connection to the launch service stands. */
  readonly link: ILinkStatus;
  /** Whether the launches were read at least once. */
  readonly loaded: boolean;
  /** Launches that hold resources: this session, then the newest. */
  readonly running: readonly Launch[];
  /** Launches that wait, first come first. */
  readonly waiting: readonly Launch[];
  /** Launches that ended lately and were not cleared from view. */
  readonly ended: readonly Launch[];
  /** The launch that this session is. */
  readonly current: Launch | null;
  /** Emitted when anything above changed. */
  readonly changed: ISignal<ILaunchModel, void>;
  /** Emitted for each event, but not for what a refresh finds. */
  readonly happened: ISignal<ILaunchModel, IChange>;
  /** Asks and acts; what comes back enters the model. */
  readonly client: ILaunchClient;
  /** The time by the server's clock [ms]. */
  now(): number;
  /** A launch by its id. */
  find(id: string): Launch | null;
  /** Take a launch as the service just told it. */
  take(launch: Launch): void;
  /** Read everything anew. */
  refresh(): Promise<void>;
  /** Leave the ended launches out from now on. */
  clearEnded(): void;
}

export const ILaunchModel = new Token<ILaunchModel>(
  '@gavip/lab:ILaunchModel',
  'The launches of the user on the GAVIP platform, live.'
);
