/** What jsdom leaves out of a browser and Lab's packages touch when they load. */
const { TextDecoder, TextEncoder } = require('util');

Object.assign(globalThis, {
  TextDecoder,
  TextEncoder,
  Request: globalThis.Request ?? class {},
  Response: globalThis.Response ?? class {},
  Headers: globalThis.Headers ?? class {},
  fetch: globalThis.fetch ?? (() => Promise.reject(new Error('no network'))),
  DragEvent: globalThis.DragEvent ?? class {}
});
