import { expect, test } from 'vitest';
import { ChecksPage } from '../../../../../src/extensions/github/forge/pull-request-answers.ts';

test.each([
  ['QUEUED', null, 'running'],
  ['IN_PROGRESS', null, 'running'],
  ['PENDING', null, 'running'],
  ['WAITING', null, 'other'],
  ['REQUESTED', null, 'other'],
  ['COMPLETED', 'ACTION_REQUIRED', 'other'],
  ['COMPLETED', 'CANCELLED', 'other'],
  ['COMPLETED', 'FAILURE', 'failed'],
  ['COMPLETED', 'SKIPPED', 'passed'],
])('a check run with the status %s and the conclusion %s counts as %s', (status, conclusion, state) => {
  const run = { __typename: 'CheckRun', databaseId: 7, name: 'deploy', status, conclusion };
  const contexts = { nodes: [run], pageInfo: { hasNextPage: false, endCursor: null } };
  const commit = { oid: 'a'.repeat(40), statusCheckRollup: { contexts } };
  expect(ChecksPage.parse({ nodes: [{ commit }] }).checks).toMatchObject([{ name: 'deploy', state }]);
});
