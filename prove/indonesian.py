"""What Indonesian contact centres say, written for this campaign alone: none of it stands in a test or a benchmark."""

from __future__ import annotations

from typing import Final

VOICES: Final = ("id+f1", "id+f3", "id+f5", "id+m2", "id+m4", "id+m6")
"""Voices of espeak-ng that neither tests nor benchmarks use."""

SENTENCES: Final = (
    "Anda tersambung dengan pusat pengaduan pelanggan air minum.",
    "Apabila Anda ingin melaporkan gangguan jaringan, pilih angka tiga.",
    "Bahasa Indonesia, tekan satu. Bahasa Inggris, tekan dua.",
    "Biaya panggilan ini sesuai dengan tarif operator yang Anda gunakan.",
    "Data Anda sedang kami periksa, jangan tutup telepon ini.",
    "Demi keamanan, jangan pernah memberikan kata sandi kepada siapa pun.",
    "Dengan melanjutkan, Anda menyetujui syarat dan ketentuan yang berlaku.",
    "Gangguan di wilayah Anda sudah kami ketahui dan sedang diperbaiki.",
    "Harap siapkan kartu identitas sebelum berbicara dengan kami.",
    "Jadwal keberangkatan kereta dapat dilihat pada laman resmi.",
    "Jika nomor rekening sudah benar, tekan angka satu. Jika salah, ulangi.",
    "Kami buka setiap hari kerja, mulai jam delapan sampai jam lima sore.",
    "Kartu yang hilang dapat langsung diblokir melalui pilihan ini.",
    "Ketik enam angka sandi sementara yang baru saja dikirim.",
    "Layanan ini hanya tersedia bagi peserta yang sudah terdaftar.",
    "Maaf, pilihan yang Anda masukkan tidak tersedia.",
    "Nomor antrean Anda akan dipanggil sebentar lagi.",
    "Obat dapat diambil di loket lima setelah jam makan siang.",
    "Paket kiriman Anda sedang dalam perjalanan menuju alamat tujuan.",
    "Panggilan dialihkan ke bagian pembayaran dan penagihan.",
    "Pembayaran terakhir sudah kami terima, terima kasih.",
    "Pengajuan pinjaman baru, silakan tekan angka empat.",
    "Percakapan direkam untuk menjaga mutu layanan kami.",
    "Petugas berikutnya akan membantu Anda dalam waktu dekat.",
    "Pulsa Anda tidak mencukupi untuk melakukan transaksi ini.",
    "Saat ini kami menerima panggilan lebih banyak dari biasanya.",
    "Sebutkan nama lengkap dan tanggal lahir Anda dengan jelas.",
    "Sistem kami sedang dalam pemeliharaan sampai tengah malam.",
    "Tagihan listrik bulan ini jatuh tempo pada tanggal dua puluh.",
    "Tidak ada masukan dari Anda, kami ulangi sekali lagi.",
    "Transaksi berhasil, nomor referensi dikirim lewat pesan singkat.",
    "Ubah alamat pengiriman melalui aplikasi atau kantor terdekat.",
    "Untuk jadwal dokter spesialis, hubungi pesawat dua nol satu.",
    "Untuk kembali ke menu sebelumnya, tekan tanda bintang.",
    "Waktu habis. Silakan coba beberapa saat kemudian.",
    "Yang terhormat pelanggan, mohon perbarui data kependudukan.",
    "Akun Anda terkunci karena tiga kali salah memasukkan sandi.",
    "Bila keluhan belum selesai, sebutkan nomor laporan sebelumnya.",
    "Cabang terdekat dari lokasi Anda berada di jalan Merdeka.",
    "Dokumen asli wajib dibawa ketika mengambil paspor.",
    "Hadiah undian tidak dipungut biaya apa pun.",
    "Informasi kurs mata uang asing diperbarui setiap pagi.",
    "Keluhan tentang kualitas jaringan, tekan angka tujuh.",
    "Mesin ini tidak menerima pesan suara.",
    "Pendaftaran peserta baru dilayani di lantai dua.",
    "Program cicilan nol persen berlaku hingga akhir tahun.",
    "Rumah sakit kami melayani keadaan darurat sepanjang malam.",
    "Surat keterangan selesai dalam tiga hari kerja.",
)

VARIANTS: Final = (
    ("Perkiraan waktu tunggu Anda saat ini adalah {} menit.", ("dua", "lima", "sepuluh", "dua belas")),
    ("Saat ini Anda berada di urutan ke {} dalam antrean.", ("satu", "tiga", "delapan", "empat belas")),
    ("Untuk berbicara dengan petugas kami, silakan tekan {}.", ("satu", "empat", "sembilan", "nol")),
    ("Kantor kami tutup dan akan buka kembali pada hari {}.", ("Senin", "Rabu", "Jumat", "Sabtu")),
)
"""A sentence and what may stand in it: the first is known, the others begin with the very same second of sound."""
