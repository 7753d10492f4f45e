package drawing

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// mostPixels is how wide or high an image may be: viewers refuse much larger ones.
const mostPixels = 16000

// WritePNG writes s as PNG, with so many pixels for each of s, and fewer where the image would be too large.
func (s *Sheet) WritePNG(w io.Writer, scale float64) error {
	scale = min(scale, mostPixels/max(s.Width, s.Height))
	size := image.Rect(0, 0, int(math.Ceil(s.Width*scale)), int(math.Ceil(s.Height*scale)))
	p := painter{to: image.NewRGBA(size), scale: scale, faces: map[Font]font.Face{}}
	draw.Draw(p.to, size, image.White, image.Point{}, draw.Src)
	for _, x := range s.shapes {
		p.draw(x)
	}
	return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, p.to)
}

// painter draws shapes on an image.
type painter struct {
	to    *image.RGBA
	scale float64
	faces map[Font]font.Face
}

func (p *painter) draw(x shape) {
	switch {
	case x.text != "":
		p.write(x)
	case x.radius > 0:
		var discs [][]Point
		for _, at := range x.points {
			discs = append(discs, disc(at, x.radius))
		}
		p.fill(discs, x.style.Fill, x.style.Opacity)
	default:
		if x.style.Fill != "" {
			p.fill([][]Point{x.points}, x.style.Fill, x.style.Opacity)
		}
		if x.style.Stroke != "" {
			p.fill(stroke(x), x.style.Stroke, x.style.Opacity)
		}
	}
}

func (p *painter) write(x shape) {
	f := Font{Size: x.font.Size, Bold: x.font.Bold}
	face := p.faces[f]
	if face == nil {
		face = f.face(p.scale)
		p.faces[f] = face
	}
	grid := p.scale * 64
	at := fixed.Point26_6{X: fixed.Int26_6(x.points[0].X * grid), Y: fixed.Int26_6(x.points[0].Y * grid)}
	switch width := font.MeasureString(face, x.text); x.font.Align {
	case Middle:
		at.X -= width / 2
	case End:
		at.X -= width
	}
	(&font.Drawer{Dst: p.to, Src: image.NewUniform(inked(x.font.Colour, 0)), Face: face, Dot: at}).DrawString(x.text)
}

// fill fills polygons that all go round the same way; where they overlap they are one.
func (p *painter) fill(polygons [][]Point, colour string, opacity float64) {
	var box image.Rectangle
	for _, polygon := range polygons {
		for _, at := range polygon {
			x, y := int(math.Floor(at.X*p.scale)), int(math.Floor(at.Y*p.scale))
			box = box.Union(image.Rect(x, y, x+2, y+2))
		}
	}
	if box = box.Intersect(p.to.Bounds()); box.Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	for _, polygon := range polygons {
		for i, at := range polygon {
			x, y := float32(at.X*p.scale-float64(box.Min.X)), float32(at.Y*p.scale-float64(box.Min.Y))
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	}
	r.Draw(p.to, box, image.NewUniform(inked(colour, opacity)), image.Point{})
}

// stroke is the outline of a path: a bar for each line, and a disc where two of them meet.
func stroke(x shape) (polygons [][]Point) {
	points := x.points
	if x.closed {
		points = append(points[:len(points):len(points)], points[0])
	}
	half := cmp.Or(x.style.Width, 1) / 2
	if x.style.Dash > 0 {
		for _, line := range dashes(points, x.style.Dash) {
			polygons = append(polygons, bar(line[0], line[1], half))
		}
		return polygons
	}
	for i, to := range points[1:] {
		polygons = append(polygons, bar(points[i], to, half))
		if half > 0.5 && (i < len(points)-2 || x.closed) {
			polygons = append(polygons, disc(to, half))
		}
	}
	return polygons
}

// dashes are the parts of a path that are drawn: every second one that is as long as a dash.
func dashes(points []Point, dash float64) (lines [][2]Point) {
	on, left := true, dash
	for i, to := range points[1:] {
		from := points[i]
		for length := math.Hypot(to.X-from.X, to.Y-from.Y); length > 0; length = math.Hypot(to.X-from.X, to.Y-from.Y) {
			t := min(1, left/length)
			next := Point{from.X + t*(to.X-from.X), from.Y + t*(to.Y-from.Y)}
			if on {
				lines = append(lines, [2]Point{from, next})
			}
			if t == 1 && left > length {
				left -= length
				break
			}
			from, on, left = next, !on, dash
		}
	}
	return lines
}

func bar(from, to Point, half float64) []Point {
	dx, dy := to.X-from.X, to.Y-from.Y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return disc(from, half)
	}
	nx, ny := -dy/length*half, dx/length*half
	return []Point{{from.X + nx, from.Y + ny}, {from.X - nx, from.Y - ny}, {to.X - nx, to.Y - ny},
		{to.X + nx, to.Y + ny}}
}

func disc(at Point, radius float64) (polygon []Point) {
	const corners = 16
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		polygon = append(polygon, Point{at.X + radius*cos, at.Y + radius*sin})
	}
	return polygon
}

// inked is #rrggbb as a colour; what is none is black.
func inked(colour string, opacity float64) color.Color {
	v, err := strconv.ParseUint(colour[min(1, len(colour)):], 16, 24)
	if err != nil {
		v = 0
	}
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), uint8(255 * cmp.Or(opacity, 1))}
}
