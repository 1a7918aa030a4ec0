/**
 * @jest-environment node
 */
import { spawnSync } from 'child_process';

it('has the types of the published contract', () => {
  const done = spawnSync('npx', [
    '--no-install',
    'openapi-typescript',
    '../gavip_hub/api/openapi.yaml',
    '--default-non-nullable=false',
    '--output',
    'src/api/schema.ts',
    '--check'
  ]);
  expect(String(done.stderr) + String(done.stdout)).not.toMatch(/out of date/i);
  expect(done.status).toBe(0);
}, 60_000);
