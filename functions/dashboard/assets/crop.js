// The part of a picture that is kept: a square of it, chosen by dragging, tapping, pinching, the wheel, or keys.

// As many pixels a side as are of any use.
const SIDE_MAX = 1024
// How near one may go: to an eighth, and not to fewer pixels than the smallest picture that is shown.
const CLOSEST = 1 / 8
const SIDE_MIN = 64
// A finger that moved no further has tapped; in pixels of the page.
const TAP = 5
const JPEG_QUALITY = 0.9
const STEP = 0.05
const CLOSER = 1.1

// Whether what is drawn here can be read again, unchanged: some browsers answer noise, lest their owners be recognised.
export function canDraw() {
  try {
    const pen = canvasOf(1).getContext('2d')
    pen.fillStyle = '#336699'
    pen.fillRect(0, 0, 1, 1)
    return String(pen.getImageData(0, 0, 1, 1).data) === '51,102,153,255' && 'createImageBitmap' in window
  } catch {
    return false
  }
}

export class Crop {
  // `bitmap` upright; `stage` is the canvas that is dragged on, `previews` show the same as it will be seen.
  constructor(bitmap, stage, previews, changed) {
    Object.assign(this, { bitmap, stage, previews, changed, fingers: new Map() })
    this.listening = new AbortController()
    const on = (kind, does, options) => stage.addEventListener(kind, does.bind(this), { signal: this.listening.signal, ...options })
    on('pointerdown', this.down)
    on('pointermove', this.move)
    on('pointerup', this.up)
    on('pointercancel', this.up)
    on('wheel', this.wheel, { passive: false })
    on('keydown', this.key)
    this.widest = Math.min(bitmap.width, bitmap.height)
    this.narrowest = Math.min(this.widest, Math.max(SIDE_MIN, this.widest * CLOSEST))
    this.reset()
  }

  get isCoarse() {
    return this.side < 128
  }

  // How near, from 0 (all of it) to 1.
  get nearness() {
    return this.narrowest === this.widest ? 0 : Math.log(this.widest / this.side) / Math.log(this.widest / this.narrowest)
  }

  set nearness(value) {
    this.zoom(this.side / (this.widest * (this.narrowest / this.widest) ** value))
  }

  get canZoom() {
    return this.narrowest < this.widest
  }

  reset() {
    this.side = this.widest
    this.x = this.bitmap.width / 2
    this.y = this.bitmap.height / 2
    this.draw()
  }

  // Moves what is seen, by parts of its side.
  pan(dx, dy) {
    this.x += dx * this.side
    this.y += dy * this.side
    this.draw()
  }

  // Nearer by this factor; what is at `at` (parts of the side, from the middle) stays there.
  zoom(factor, at = { x: 0, y: 0 }) {
    const before = this.side
    this.side = clamp(before / factor, this.narrowest, this.widest)
    this.x += at.x * (before - this.side)
    this.y += at.y * (before - this.side)
    this.draw()
  }

  draw() {
    const half = this.side / 2
    this.x = clamp(this.x, half, this.bitmap.width - half)
    this.y = clamp(this.y, half, this.bitmap.height - half)
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null
      for (const preview of this.previews) this.paint(fitted(preview))
      this.ring(this.paint(fitted(this.stage)))
      this.changed(this)
    })
  }

  paint(canvas) {
    const pen = canvas.getContext('2d')
    pen.imageSmoothingQuality = 'high'
    pen.clearRect(0, 0, canvas.width, canvas.height)
    pen.drawImage(this.bitmap, this.x - this.side / 2, this.y - this.side / 2, this.side, this.side, 0, 0, canvas.width, canvas.height)
    return canvas
  }

  // Pictures are shown round: what is outside is dimmed.
  ring(canvas) {
    const pen = canvas.getContext('2d')
    const middle = canvas.width / 2
    pen.beginPath()
    pen.rect(0, 0, canvas.width, canvas.height)
    pen.arc(middle, middle, middle - 1, 0, 2 * Math.PI, true)
    pen.fillStyle = 'rgb(0 0 0 / .6)'
    pen.fill()
  }

  // The square in parts: its corner of the picture's sides, its side of the shorter one.
  get square() {
    const { bitmap, side } = this
    return { x: (this.x - side / 2) / bitmap.width, y: (this.y - side / 2) / bitmap.height, size: side / this.widest }
  }

  // The square as a picture of this type; browsers that cannot write it write PNG.
  picture(type) {
    const canvas = this.paint(canvasOf(Math.round(Math.min(this.side, SIDE_MAX))))
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('nothing was drawn'))), type, JPEG_QUALITY)
    })
  }

  end() {
    this.listening.abort()
    cancelAnimationFrame(this.frame)
    this.bitmap.close()
  }

  // ---- Fingers, mouse and wheel. Places are parts of the stage's side, from its middle.

  place(event) {
    const box = this.stage.getBoundingClientRect()
    return { x: (event.clientX - box.left) / box.width - 0.5, y: (event.clientY - box.top) / box.height - 0.5 }
  }

  down(event) {
    if (event.button !== 0) return
    this.stage.setPointerCapture(event.pointerId)
    this.fingers.set(event.pointerId, this.place(event))
    this.began = this.fingers.size === 1 ? { x: event.clientX, y: event.clientY } : null
  }

  move(event) {
    const before = this.fingers.get(event.pointerId)
    if (!before) return
    if (this.began && Math.hypot(event.clientX - this.began.x, event.clientY - this.began.y) <= TAP) return
    this.began = null
    const now = this.place(event)
    const [other] = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place)
    if (other) {
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }
      this.zoom(distance(now, other) / Math.max(distance(before, other), 0.01), middle)
    }
    const fingers = this.fingers.size
    this.fingers.set(event.pointerId, now)
    this.pan((before.x - now.x) / fingers, (before.y - now.y) / fingers)
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId)) return
    if (this.began && event.type === 'pointerup') {
      const { x, y } = this.place(event)
      this.pan(x, y)
    }
    this.began = null
  }

  wheel(event) {
    event.preventDefault()
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), this.place(event))
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const does = {
      ArrowLeft: () => this.pan(-STEP, 0),
      ArrowRight: () => this.pan(STEP, 0),
      ArrowUp: () => this.pan(0, -STEP),
      ArrowDown: () => this.pan(0, STEP),
      '+': () => this.zoom(CLOSER),
      '=': () => this.zoom(CLOSER),
      '-': () => this.zoom(1 / CLOSER),
      0: () => this.reset(),
    }[event.key]
    if (!does) return
    event.preventDefault()
    does()
  }
}

function canvasOf(side) {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side
  return canvas
}

// As many pixels as the screen has there.
function fitted(canvas) {
  const side = Math.round(canvas.clientWidth * devicePixelRatio)
  if (side && canvas.width !== side) canvas.width = canvas.height = side
  return canvas
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most)
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y)
}
