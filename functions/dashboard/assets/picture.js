// The dialog in which people choose their picture: choose, crop, send, see. Loaded when it is opened.

import { Crop, canDraw } from './crop.js'
import { show } from './faces.js'
import { remove, upload } from './upload.js'

// What is sent as it is may have so many bytes; what is drawn anew here is always smaller.
const BYTES_MAX = 5 * 1024 * 1024
// More than this is not read into memory.
const READABLE_BYTES_MAX = 100 * 1024 * 1024
const TYPES = 'image/jpeg,image/png,image/webp,image/gif'

const HTML = `
<h2 id="picture-title">Your picture</h2>
<p class="fault" role="alert" hidden></p>
<div data-pane="choose">
  <div class="drop"><span data-own></span><p>Drop a picture here, or paste one.</p>
  <p class="hint">JPEG, PNG, WebP or GIF. You choose the part that is shown.</p></div>
  <input type="file" accept="${TYPES}" tabindex="-1" hidden aria-label="Picture">
  <div class="answer"><button type="button" class="primary" data-act="choose">Choose a picture</button>
  <button type="button" class="danger" data-act="remove">Remove it</button><button type="button" data-act="close">Close</button></div>
</div>
<div data-pane="crop">
  <canvas class="stage" tabindex="0" role="application" aria-label="The part that is shown" aria-describedby="picture-keys"></canvas>
  <p class="hint" id="picture-keys">Drag it, or tap what belongs in the middle. <span>Arrow keys move it, + and − zoom, 0 begins again.</span></p>
  <div class="zoom"><button type="button" data-act="farther" aria-label="Farther">−</button>
  <input type="range" min="0" max="100" aria-label="Zoom"><button type="button" data-act="nearer" aria-label="Nearer">+</button></div>
  <div class="previews" aria-hidden="true"><canvas class="large"></canvas><canvas></canvas><canvas class="small"></canvas></div>
  <p class="hint" role="status" data-coarse></p>
  <div class="answer"><button type="button" class="primary" data-act="use">Use this picture</button>
  <button type="button" data-act="choose">Choose another</button><button type="button" data-act="close">Cancel</button></div>
</div>
<div data-pane="whole">
  <p>This browser cannot crop pictures: it is sent as it is, and cut to its middle.</p>
  <div class="answer"><button type="button" class="primary" data-act="use">Send <span data-name></span></button>
  <button type="button" data-act="choose">Choose another</button><button type="button" data-act="close">Cancel</button></div>
</div>
<div data-pane="send">
  <p role="status" data-standing></p>
  <progress max="100" aria-label="Uploaded"></progress>
  <div class="answer"><button type="button" data-act="stop">Cancel</button></div>
</div>
<div data-pane="failed">
  <div class="answer"><button type="button" class="primary" data-act="again">Try again</button>
  <button type="button" data-act="choose">Choose another</button><button type="button" data-act="close">Close</button></div>
</div>
<div data-pane="done">
  <p role="status" data-done></p><p><span data-own></span></p>
  <div class="answer"><button type="button" class="primary" data-act="close">Close</button></div>
</div>`

const dialog = document.createElement('dialog')
dialog.className = 'picture'
dialog.setAttribute('aria-labelledby', 'picture-title')
dialog.innerHTML = HTML
const $ = (selector) => dialog.querySelector(selector)
const [fault, input, stage, zoom, bar, standing] = ['.fault', 'input[type=file]', '.stage', 'input[type=range]', 'progress', '[data-standing]'].map($)

let me = null
let crop = null
// What is sent: a Blob, kept until it is there, so that it can be sent again.
let picture = null
// The part of it that is kept; null: its middle, or all of what was cropped here.
let square = null
let chosen = null
let stop = null
// Which file is looked at; of two, the later one counts.
let looked = 0

export function open(id, file) {
  if (!me) prepare(id)
  if (!dialog.open) {
    enter('choose')
    dialog.showModal()
    $('[data-act=choose]').focus()
  }
  if (file) take(file)
}

// One's own face, as the header shows it, but large.
function prepare(id) {
  me = id
  const px = 96
  const known = document.querySelector(`.bar [data-face="${CSS.escape(id)}"]`)
  for (const place of dialog.querySelectorAll('[data-own]')) {
    const face = known.cloneNode(true)
    face.classList.remove('small')
    face.classList.add('large')
    face.dataset.px = px
    const img = face.querySelector('img')
    if (img) Object.assign(img, { width: px, height: px, sizes: `${px}px`, loading: 'eager' })
    place.replaceWith(face)
  }
  document.body.append(dialog)
}

// ---- What is seen.

function enter(pane, words) {
  if (pane !== 'crop') endCrop()
  for (const part of dialog.querySelectorAll('[data-pane]')) part.hidden = part.dataset.pane !== pane
  dialog.dataset.at = pane
  fault.textContent = words ?? ''
  fault.hidden = !words
  $('[data-act=remove]').hidden = !$('[data-pane=choose] .face img')
}

function refuse(words) {
  enter('choose', words)
  $('[data-act=choose]').focus()
}

// ---- Choosing.

async function take(file) {
  const turn = (looked += 1)
  const found = await kindOf(file).catch(() => null)
  if (turn !== looked || stop) return
  if (file.size === 0) return refuse('This file is empty.')
  if (!found) return refuse(`${file.name || 'This'} is not a JPEG, PNG, WebP or GIF picture, whatever its name says.`)
  chosen = { file, type: found }
  if (!canDraw()) return takeWhole()
  if (file.size > READABLE_BYTES_MAX) return refuse('This file is larger than 100 MiB. Choose a smaller one.')
  let bitmap
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    if (turn === looked) refuse('This picture cannot be read: it is damaged, or cut off.')
    return
  }
  if (turn !== looked || !dialog.open) return bitmap.close()
  endCrop()
  enter('crop')
  crop = new Crop(bitmap, stage, dialog.querySelectorAll('.previews canvas'), (now) => {
    zoom.value = Math.round(now.nearness * 100)
    zoom.disabled = !now.canZoom
    const words = now.isCoarse ? `This part is ${Math.round(now.side)} pixels wide, and will look coarse.` : ''
    const coarse = $('[data-coarse]')
    if (coarse.textContent !== words) coarse.textContent = words
  })
  stage.focus({ preventScroll: true })
}

function takeWhole() {
  const { file, type } = chosen
  if (file.size > BYTES_MAX) return refuse('This picture is too large: at most 5 MiB can be sent.')
  picture = file.slice(0, file.size, type)
  square = null
  enter('whole')
  $('[data-name]').textContent = file.name || 'it'
  $('[data-pane=whole] [data-act=use]').focus()
}

// The type that a file's first bytes say.
async function kindOf(file) {
  const text = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()))
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (/^GIF8[79]a/.test(text)) return 'image/gif'
  if (/^RIFF[^]{4}WEBP/.test(text)) return 'image/webp'
  return null
}

function endCrop() {
  crop?.end()
  crop = null
}

// ---- Sending.

async function use() {
  const { file, type } = chosen
  if (crop && type === 'image/gif' && file.size <= BYTES_MAX) {
    // It may move: it is sent as it is, and cut there.
    picture = file.slice(0, file.size, type)
    square = crop.square
  } else if (crop) {
    try {
      picture = await crop.picture(type === 'image/gif' ? 'image/png' : type)
      square = null
    } catch {
      return refuse('This picture cannot be drawn here. Choose a smaller one.')
    }
  }
  await sendIt()
}

async function sendIt() {
  enter('send')
  stop = new AbortController()
  const mine = stop
  const button = $('[data-act=stop]')
  button.textContent = 'Cancel'
  button.focus()
  bar.value = 0
  standing.textContent = 'On its way.'
  const tell = {
    progress: (part) => (bar.value = Math.round(part * 100)),
    sent: () => {
      bar.removeAttribute('value')
      standing.textContent = 'It is there, and being prepared.'
      button.textContent = 'Close'
    },
    slow: () => (standing.textContent = 'This takes longer than usual. You may close this: the picture appears by itself.'),
  }
  try {
    const urls = await upload(picture, square, tell, stop.signal)
    show(me, urls)
    if (stop === mine) finish('This is how others see you.')
  } catch (error) {
    if (stop !== mine) return
    stop = null
    if (mine.signal.aborted) return
    if (error.again === undefined) console.error(error)
    enter('failed', error.again === undefined ? 'Something went wrong here. Reload the page, and try again.' : error.message)
    const again = $('[data-act=again]')
    again.hidden = !error.again
    $(error.again ? '[data-act=again]' : '[data-pane=failed] [data-act=choose]').focus()
  }
}

function finish(words) {
  stop = null
  picture = null
  enter('done')
  $('[data-done]').textContent = words
  $('[data-pane=done] [data-act=close]').focus()
}

async function removeIt() {
  if (!confirm('Remove your picture? Your initials are shown instead.')) return
  try {
    await remove()
  } catch (error) {
    return refuse(error.message)
  }
  show(me, null)
  finish('Your picture is removed.')
}

// ---- What is done with it.

const ACTS = {
  choose: () => input.click(),
  remove: removeIt,
  close: () => dialog.close(),
  stop: () => dialog.close(),
  use,
  again: sendIt,
  farther: () => crop.zoom(1 / 1.25),
  nearer: () => crop.zoom(1.25),
}

dialog.addEventListener('click', (event) => ACTS[event.target.closest('[data-act]')?.dataset.act]?.())
input.addEventListener('change', () => {
  const [file] = input.files
  if (file) take(file)
  // The same file may be chosen again.
  input.value = ''
})
zoom.addEventListener('input', () => (crop.nearness = zoom.value / 100))

// What is on its way stops; what has arrived goes on by itself.
dialog.addEventListener('close', () => {
  looked += 1
  stop?.abort(new DOMException('closed', 'AbortError'))
  stop = null
  endCrop()
})

for (const kind of ['dragenter', 'dragover']) {
  dialog.addEventListener(kind, (event) => {
    event.preventDefault()
    dialog.classList.add('aimed')
  })
}
dialog.addEventListener('dragleave', (event) => dialog.contains(event.relatedTarget) || dialog.classList.remove('aimed'))
dialog.addEventListener('drop', (event) => {
  event.preventDefault()
  dialog.classList.remove('aimed')
  const [file] = event.dataTransfer.files
  if (file && !stop) take(file)
  else if (!stop) refuse('That was no file. Save the picture first, and drop the file.')
})
document.addEventListener('paste', (event) => {
  if (!dialog.open || stop) return
  const [file] = event.clipboardData?.files ?? []
  event.preventDefault()
  if (file) take(file)
  else refuse('There is no picture in the clipboard.')
})
