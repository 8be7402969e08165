import { expect, test } from 'vitest';
import { ChecksPage } from '../../../../../src/extensions/github/forge/pull-request-answers.ts';
import { repositoryIn } from '../../../../../src/extensions/github/forge/repository-name.ts';

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

test.each([
  ['git@github.com:owner/name.git', 'github.com/owner/name'],
  ['https://github.com/owner/na.me', 'github.com/owner/na.me'],
  ['https://user:secret@git.example.org/owner/name.git/', 'git.example.org/owner/name'],
  ['ssh://git@github.com:22/owner/name.git', 'github.com/owner/name'],
  ['/home/me/boats.git', undefined],
  ['file:///home/me/boats.git', undefined],
  ['https://gitlab.com/group/sub/name.git', undefined],
  ['', undefined],
])('the URL %s names the repository %s', (url, repository) => {
  expect(repositoryIn(url)).toBe(repository);
});
