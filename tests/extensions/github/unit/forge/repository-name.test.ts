import { expect, test } from 'vitest';
import { repositoryIn } from '../../../../../src/extensions/github/forge/repository-name.ts';

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
