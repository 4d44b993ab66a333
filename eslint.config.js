/** What the compiler can't see: promises nobody waits for, forgotten cases, size. Formatting is Biome's. */
import { readFileSync } from 'node:fs';
import { defineConfig, globalIgnores } from 'eslint/config';
import { configs } from 'typescript-eslint';

/** Files that may be longer than the rest, each with its reason; `test/architecture/tidy.test.ts` reads it too. */
const ratchet = JSON.parse(readFileSync(new URL('./test/architecture/ratchet.json', import.meta.url), 'utf8'));

const sizes = (fileLinesMax) => ({ 'max-lines': ['error', { max: fileLinesMax }] });

export default defineConfig(
  globalIgnores(['node_modules/', 'coverage/', 'data/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      // `import { type A }` still loads the module when types are stripped; `import type { A }` doesn't.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      // 0 and '' are values: a position, a quantity, a name. Absence is asked for by name.
      '@typescript-eslint/strict-boolean-expressions': ['error', { allowNumber: false, allowNullableBoolean: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // An adapter that answers at once still keeps the asynchronous port it implements.
      '@typescript-eslint/require-await': 'off',
      // Ports and adapters are records of functions; classes of our own are banned, so nothing has a `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // A switch counts once: one case for each event or command is the shape we want.
      complexity: ['error', { max: 12, variant: 'modified' }],
      'max-params': ['error', 4],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['src/**/*.ts'], rules: { ...sizes(200), 'no-console': 'error' } },
  ...ratchet.map(({ file, linesMax }) => ({ files: [file], rules: sizes(linesMax) })),
  {
    files: ['test/**/*.ts'],
    rules: {
      // `rows[0]!` fails the test by itself, and answers parsed from JSON are checked by the expectations on them.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
