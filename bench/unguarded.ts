/**
 * Loaded before the service (`--import`), it takes the place of what guards it: limits of requests, what looks for
 * attacks. Tokens are checked as ever. For `guardedVsPlain` alone: what the guards cost.
 */
import { registerHooks } from 'node:module';

const takesPlaceOf: { readonly [module: string]: string } = {
  '/src/http/rateLimits.ts': 'unguarded/rateLimits.ts',
  '/src/http/detection/detection.ts': 'unguarded/detection.ts',
};

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const [, instead] = Object.entries(takesPlaceOf).find(([module]) => resolved.url.endsWith(module)) ?? [];
    return instead === undefined ? resolved : { ...resolved, url: new URL(instead, import.meta.url).href };
  },
});
