/** Speak to the server extension, which speaks to the launch service. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

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
} from './types';

/** The service, or the way to it, said no. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
  }
}

/** An answer, and when the server gave it. */
export interface IDated<T> {
  value: T;
  /** Milliseconds since 1970 by the server's clock; null if it did not say. */
  at: number | null;
}

/** What the model needs from the server. */
export interface ILaunchClient {
  status(): Promise<IDated<ILinkStatus>>;
  info(): Promise<Info>;
  capacity(): Promise<Capacity>;
  estimate(wishes: Wish[]): Promise<EstimateList>;
  list(phases: string[], limit: number): Promise<LaunchPage>;
  get(id: string): Promise<Launch>;
  submit(request: LaunchRequest, key: string): Promise<Launch>;
  cancel(id: string): Promise<Launch>;
  extend(id: string, by: string | number): Promise<Launch>;
}

/** The client of a running Jupyter server. */
export class LaunchClient implements ILaunchClient {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  async status(): Promise<IDated<ILinkStatus>> {
    const response = await this._send('status', { method: 'GET' });
    const date = Date.parse(response.headers.get('Date') ?? '');
    const value = (await response.json()) as ILinkStatus;
    return { value, at: Number.isNaN(date) ? null : date };
  }

  info(): Promise<Info> {
    return this._get<Info>('info');
  }

  capacity(): Promise<Capacity> {
    return this._get<Capacity>('capacity');
  }

  estimate(wishes: Wish[]): Promise<EstimateList> {
    return this._post<EstimateList>('estimates', { wishes });
  }

  list(phases: string[], limit: number): Promise<LaunchPage> {
    const query = new URLSearchParams(phases.map(phase => ['phase', phase]));
    query.set('limit', String(limit));
    return this._get<LaunchPage>(`launches?${query.toString()}`);
  }

  get(id: string): Promise<Launch> {
    return this._get<Launch>(`launches/${encodeURIComponent(id)}`);
  }

  submit(request: LaunchRequest, key: string): Promise<Launch> {
    return this._post<Launch>('launches', request, { 'Idempotency-Key': key });
  }

  cancel(id: string): Promise<Launch> {
    return this._post<Launch>(`launches/${encodeURIComponent(id)}/cancel`, {});
  }

  extend(id: string, by: string | number): Promise<Launch> {
    return this._post<Launch>(`launches/${encodeURIComponent(id)}/extend`, {
      by
    });
  }

  private async _get<T>(path: string): Promise<T> {
    const response = await this._send(path, { method: 'GET' });
    return (await response.json()) as T;
  }

  private async _post<T>(
    path: string,
    body: object,
    headers: Record<string, string> = {}
  ): Promise<T> {
    const response = await this._send(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers }
    });
    return (await response.json()) as T;
  }

  private async _send(path: string, init: RequestInit): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'gavip') + '/' + path;
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
    } catch (error) {
      throw new ProblemError(Private.unreachable(error));
    }
    if (!response.ok) {
      throw new ProblemError(await Private.problemOf(response));
    }
    return response;
  }
}

namespace Private {
  /** The problem that a browser's failed request is. */
  export function unreachable(error: unknown): Problem {
    return {
      type: 'about:blank',
      title: '',
      status: 503,
      detail: error instanceof Error ? error.message : String(error),
      code: 'server_unreachable'
    };
  }

  /** The problem that a refusal tells, or what its status means. */
  export async function problemOf(response: Response): Promise<Problem> {
    try {
      const body = (await response.json()) as Partial<Problem> & {
        message?: string;
      };
      if (body.code && body.detail) {
        return body as Problem;
      }
      return {
        type: 'about:blank',
        title: response.statusText,
        status: response.status,
        detail: body.message ?? response.statusText,
        code: 'refused'
      };
    } catch {
      return {
        type: 'about:blank',
        title: response.statusText,
        status: response.status,
        detail: response.statusText,
        code: 'refused'
      };
    }
  }
}
