/** A client whose answers a spec decides. */

import type { IDated, ILaunchClient } from '../api/client';
import { ProblemError } from '../api/client';
import type {
  Capacity,
  EstimateList,
  ILinkStatus,
  Info,
  Launch,
  LaunchPage,
  LaunchRequest,
  Problem,
  Wish
} from '../api/types';
import { atOnce, info, launch } from './launches';

/** An error as the service words it. */
export function problem(changes: Partial<Problem> = {}): ProblemError {
  return new ProblemError({
    type: 'about:blank',
    title: 'No',
    status: 422,
    detail: 'That cannot be.',
    code: 'invalid_field',
    ...changes
  });
}

/** Holds launches; fails on demand. */
export class FakeClient implements ILaunchClient {
  launches: Launch[] = [];
  link: ILinkStatus = {
    state: 'connected',
    detail: '',
    launch_id: launch(1).id,
    user: 'stella',
    serial: 0
  };
  at: number | null = null;
  failure: ProblemError | null = null;
  submitted: { request: LaunchRequest; key: string }[] = [];
  wishes: Wish[][] = [];
  reads = 0;

  async status(): Promise<IDated<ILinkStatus>> {
    return { value: this.link, at: this.at };
  }

  async info(): Promise<Info> {
    return info();
  }

  async capacity(): Promise<Capacity> {
    const { max_resources } = info();
    return {
      total: max_resources,
      free: max_resources,
      largest_free: max_resources,
      waiting: 1,
      running: 2
    };
  }

  async estimate(wishes: Wish[]): Promise<EstimateList> {
    this.wishes.push(wishes);
    this._check();
    return { estimates: wishes.map(atOnce) };
  }

  async list(phases: string[]): Promise<LaunchPage> {
    this._check();
    this.reads += 1;
    const over = (each: Launch): boolean => each.ended_at !== null;
    const live = phases.includes('live');
    const launches = this.launches.filter(each => over(each) !== live);
    return { launches, next: null };
  }

  async get(id: string): Promise<Launch> {
    return this.launches.find(each => each.id === id)!;
  }

  async submit(request: LaunchRequest, key: string): Promise<Launch> {
    this.submitted.push({ request, key });
    this._check();
    return launch(9);
  }

  async cancel(id: string): Promise<Launch> {
    return this.get(id);
  }

  async extend(id: string): Promise<Launch> {
    return this.get(id);
  }

  private _check(): void {
    if (this.failure) {
      throw this.failure;
    }
  }
}
