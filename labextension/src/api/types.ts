/** The published words, under the names by which this extension calls them. */

import type { components } from './schema';

type Schemas = components['schemas'];

export type Launch = Schemas['Launch'];
export type LaunchEvent = Schemas['Event'];
export type LaunchPage = Schemas['LaunchPage'];
export type LaunchRequest = Schemas['LaunchRequest'];
export type Phase = Schemas['Phase'];
export type Info = Schemas['Info'];
export type Size = Schemas['Size'];
export type Capacity = Schemas['Capacity'];
export type Estimate = Schemas['Estimate'];
export type EstimateList = Schemas['EstimateList'];
export type Wish = Schemas['Wish'];
export type Problem = Schemas['Problem'];
export type Resources = Schemas['Resources'];

/** How the user's server and the launch service stand. */
export type LinkState =
  'absent' | 'connecting' | 'connected' | 'reconnecting' | 'refused';

/** What the server extension knows about itself. */
export interface ILinkStatus {
  state: LinkState;
  /** Why, in plain words; empty while all is well. */
  detail: string;
  /** The launch that this session is; empty outside a platform. */
  launch_id: string;
  user: string;
  /** Number of the last event on the bus. */
  serial: number;
}
