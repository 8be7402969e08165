import { expect, test } from 'vitest';
import { SamocodeError } from '../../../../src/core/kernel/errors.ts';
import { refusedFile } from '../../../../src/core/kernel/files/refused-file.ts';

const KNOWN = new SamocodeError('EACCES', {}, { what: 'a', why: 'b' });

const refusal = (code: string) => Object.assign(new Error(code), { code, path: '/home/me/.config' });

test.each(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'])('%s names the file and the reason', (code) => {
  const error = refusedFile(refusal(code));
  expect(error).toMatchObject({ code: 'file_refused' });
  expect(error?.why).toMatch(new RegExp(`^\\w.+: /home/me/\\.config \\(${code}\\)\\.$`));
});

test('bugs and explained errors are not reported as permission problems', () => {
  for (const error of [refusal('ENOENT'), new TypeError('x'), KNOWN, undefined])
    expect(refusedFile(error)).toBeUndefined();
});
