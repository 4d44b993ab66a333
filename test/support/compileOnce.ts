/**
 * Most of the start of a service is compiling its schemas: functions that check requests, and that write answers. They
 * follow from the schemas alone, so all services of a test file share them.
 */
import { createRequire } from 'node:module';
import { Ajv2020 } from 'ajv/dist/2020.js';

type Serializer = (value: unknown) => string;
type Build = (route: { readonly schema: object }) => Serializer;
type Select = () => (externalSchemas: object, options: object) => Build;

const serializers = new Map<string, Serializer>();

const sharing =
  (select: Select): Select =>
  () =>
  (externalSchemas, options) => {
    const build = select()(externalSchemas, options);
    const others = JSON.stringify(externalSchemas);
    return (route) => {
      const key = JSON.stringify(route.schema) + others;
      const serializer = serializers.get(key) ?? build(route);
      serializers.set(key, serializer);
      return serializer;
    };
  };

/** Before the first service is made: Fastify loads its compiler with it. */
const shareSerializers = (): void => {
  const ofFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));
  const path = ofFastify.resolve('@fastify/fast-json-stringify-compiler');
  const select = ofFastify(path) as Select;
  const loaded = ofFastify.cache[path];
  if (loaded === undefined) throw new Error(`${path} is not loaded the way that Fastify loads it`);
  loaded.exports = sharing(select);
};

/**
 * Of the service alone, which is strict where the checks of the tests are not. Whoever validates reads the errors before
 * anything else is validated, so that they may be shared too.
 */
const shareValidators = (): void => {
  const { compile } = Ajv2020.prototype;
  const validators = new Map<string, ReturnType<typeof compile>>();
  Ajv2020.prototype.compile = function (this: Ajv2020, schema: object) {
    const { allErrors, coerceTypes, strictSchema } = this.opts;
    if (strictSchema !== true) return compile.call(this, schema);
    const key = JSON.stringify([allErrors, coerceTypes, schema]);
    const validator = validators.get(key) ?? compile.call(this, schema);
    validators.set(key, validator);
    return validator;
  } as typeof compile;
};

export const compileOnce = (): void => {
  shareSerializers();
  shareValidators();
};
