// Makes the spawn form tell what each choice would mean, while it is made.
import { call, signIn } from "./service.js";
import { about, cores, memory } from "./words.js";

const form = document.getElementById("gavip-form");
if (form) begin(form);

function begin(form) {
  const service = form.dataset.service;
  const own = form.querySelector("#size-own");
  const sizes = [...form.querySelectorAll(".gv-sizes input[name=size]")];
  const fields = ["cpu", "memory", "walltime"].map((id) => form.querySelector(`#${id}`));
  const [cpu, mem, walltime] = fields;
  let token = null;
  let timer = 0;
  let asked = 0;

  prefill();
  form.addEventListener("input", onInput);
  form.addEventListener("change", onInput);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
  signIn(service).then((given) => {
    token = given;
    return look();
  }).catch(quiet);
  window.setInterval(() => {
    if (!document.hidden) look().catch(quiet);
  }, 20000);

  function prefill() {
    const wanted = new URLSearchParams(window.location.hash.slice(1));
    const size = sizes.find((one) => one.value === wanted.get("size"));
    if (size && !size.disabled) size.checked = true;
    for (const field of [...fields, form.querySelector("#display_name")]) {
      if (wanted.has(field.id)) field.value = wanted.get(field.id);
    }
    if (wanted.has("cpu") || wanted.has("memory")) own.checked = true;
  }

  function onInput(event) {
    const field = event.target;
    if (field === cpu || field === mem) own.checked = true;
    if (field === own && !cpu.value && !mem.value) startFrom(lastSize());
    if (fields.includes(field)) mark(field);
    window.clearTimeout(timer);
    timer = window.setTimeout(() => look().catch(quiet), 350);
  }

  function lastSize() {
    return sizes.find((one) => one.defaultChecked) || sizes[0];
  }

  function startFrom(size) {
    if (!size) return;
    cpu.value = size.dataset.cpu;
    mem.value = size.dataset.memory;
  }

  function mark(field) {
    const id = `${field.id}-error`;
    let note = form.querySelector(`#${id}`);
    if (field.validity.valid) {
      if (note) note.remove();
      field.removeAttribute("aria-invalid");
      return;
    }
    if (!note) {
      note = document.createElement("p");
      note.id = id;
      note.className = "gv-error";
      field.parentElement.after(note);
    }
    note.textContent = field.validationMessage;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${id} ${field.id}-help`);
  }

  function limit() {
    const hours = walltime.valueAsNumber;
    return walltime.validity.valid && hours > 0 ? { walltime: Math.round(hours * 3600) } : {};
  }

  function ownWish() {
    const wish = limit();
    if (!cpu.validity.valid || !mem.validity.valid) return null;
    if (cpu.value) wish.cpu = cpu.valueAsNumber;
    if (mem.value) wish.memory = Math.round(mem.valueAsNumber * 1e9);
    return cpu.value || mem.value ? wish : null;
  }

  async function look() {
    if (token === null) return;
    const turn = ++asked;
    const mine = ownWish();
    const wishes = sizes.map((one) => ({ size: one.value, ...limit() }));
    const [room, told] = await Promise.all([
      call(service, token, "capacity"),
      call(service, token, "estimates", { wishes: mine ? [...wishes, mine] : wishes }),
    ]);
    if (turn !== asked) return;
    showRoom(room);
    told.estimates.slice(0, sizes.length).forEach((one, index) => {
      const card = sizes[index].closest(".gv-size");
      sizes[index].disabled = !one.fits;
      show(one, card.querySelector(".gv-when"), card.querySelector(".gv-why"));
    });
    const last = mine ? told.estimates.at(-1) : null;
    show(last, form.querySelector("#gavip-own-when"), form.querySelector("#gavip-own-why"));
  }

  function show(estimate, when, why) {
    const [word, text] = words(estimate);
    when.dataset.when = word;
    if (when.textContent !== text) when.textContent = text;
    why.textContent = word === "never" || word === "later" ? estimate.reason : "";
  }

  function words(one) {
    if (!one) return ["unknown", ""];
    if (!one.fits) return ["never", "Not possible"];
    if (one.now) return ["now", "Starts now"];
    if (one.wait_s === null) return ["later", "Waits; nobody can tell how long"];
    return ["later", `Starts in ${about(one.wait_s)}`];
  }

  function showRoom(room) {
    const told = form.querySelector("[data-free=told]");
    const waiting = form.querySelector("[data-free=waiting]");
    if (!told) return;
    const parts = [
      `${String(room.free.cpu_milli / 1000)} of ${cores(room.total.cpu_milli)}`,
      `${memory(room.free.memory_bytes)} of ${memory(room.total.memory_bytes)}`,
    ];
    if (room.total.gpu) parts.push(`${room.free.gpu} of ${room.total.gpu} GPUs`);
    told.textContent = parts.join(", ");
    waiting.textContent =
      room.waiting === 0 ? "Nobody waits" : room.waiting === 1 ? "1 launch waits" : `${room.waiting} launches wait`;
  }

  // What the page says without this script stays, and stays true enough.
  function quiet() {}
}
