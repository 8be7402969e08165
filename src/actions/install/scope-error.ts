import { SamocodeError } from '../../base/errors.ts';

export class ScopeError extends SamocodeError {
  readonly code = 'scope_not_supported';

  constructor(title: string) {
    super(
      `${title} was not changed.`,
      'It has no settings of a project that it would read without further steps.',
      'Leave --scope out: then it is added for you alone, in every project.',
    );
  }
}
