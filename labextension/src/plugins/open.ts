/** Where a launch is opened; loaded with the page, so that no click waits for it. */

import { PageConfig } from '@jupyterlab/coreutils';

import type { Launch } from '../api/types';

/** Open a running launch, or the page that explains it, in a tab of its own. */
export function openLaunch(launch: Launch): void {
  const path = launch.url ?? launch.wait_url;
  if (/^\/(?![/\\])/.test(path)) {
    window.open(PageConfig.getOption('hubHost') + path, '_blank', 'noopener');
  }
}
