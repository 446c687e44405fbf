/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/verify-words.h"

/* The office's question in one line: is it signed by the leader and issued by the agency? */
const char *
kyso_verify_words_process(const char *code)
{
    static const KysoWord table[] = {
        {"complete", N_("đã được người có thẩm quyền ký và cơ quan phát hành")},
        {"approved", N_("đã được người có thẩm quyền ký, chưa phát hành")},
        {"agency_only", N_("chỉ có chữ ký số của cơ quan: bản sao, phụ lục hoặc văn bản kèm theo")},
        {"wrong_order", N_("sai thứ tự: người có thẩm quyền ký trước, rồi số và ngày, sau cùng cơ "
                           "quan")},
        {"none", N_("chưa xác định được chữ ký nào là của người có thẩm quyền, của cơ quan")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), code);
}

const char *
kyso_verify_words_reason(const char *code)
{
    static const KysoWord table[] = {
        {"changed_after", N_("nội dung bị thay đổi sau khi ký")},
        {"changes_unclear", N_("không xác định được nội dung có bị thay đổi sau khi ký hay không")},
        {"digest_mismatch", N_("nội dung không còn như khi ký")},
        {"signature_mismatch", N_("chữ ký không khớp với chứng thư")},
        {"signing_certificate_mismatch", N_("chứng thư đi kèm không phải chứng thư đã ký")},
        {"signature_unreadable", N_("không đọc được dữ liệu chữ ký")},
        {"weak_hash", N_("dùng hàm băm SHA-1, không còn an toàn")},
        {"hash_unsupported", N_("hàm băm không được hỗ trợ")},
        {"certificate", N_("chứng thư không đạt yêu cầu")},
        {"certificate_revoked", N_("chứng thư đã bị thu hồi trước khi ký")},
        {"timestamp", N_("dấu thời gian sai hoặc không đáng tin")},
        {"signer_certificate_missing", N_("thiếu chứng thư của người ký")},
        {"attributes_missing", N_("thiếu thuộc tính được ký")},
        {"signer_missing", N_("dữ liệu chữ ký không có người ký")},
        {"several_signers", N_("dữ liệu chữ ký có nhiều người ký")},
        {"content_present", N_("dữ liệu chữ ký mang nội dung riêng")},
        {"content_missing", N_("chữ ký tách rời: cần chỉ ra cả tệp đã ký")},
        {"algorithm_forbidden", N_("thuật toán không được phép, hoặc không phải của khóa này")},
        {"algorithm_unsupported", N_("thuật toán không được hỗ trợ")},
        {"critical_unknown", N_("chữ ký đòi hỏi phần mở rộng mà kyso không biết")},
        {"partial_coverage", N_("không phủ toàn bộ tệp")},
        {"reference_unresolved", N_("phần dữ liệu được ký không còn, hoặc không xác định được")},
        {"properties_unsigned", N_("thời điểm ký và chứng thư nêu trong chữ ký không được ký")},
        {"wrong_content_type", N_("dữ liệu chữ ký sai kiểu nội dung")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), code);
}

const char *
kyso_verify_words_change(const char *kind)
{
    static const KysoWord table[] = {
        {"field_filled", N_("điền ô để trống")},
        {"signature_added", N_("thêm chữ ký số")},
        {"signature_field_added", N_("thêm ô chữ ký trống")},
        {"timestamp_added", N_("thêm dấu thời gian")},
        {"validation_data_added", N_("thêm dữ liệu chứng minh chữ ký")},
        {"metadata_changed", N_("cập nhật ngày sửa, phần mềm tạo tệp")},
        {"content_changed", N_("NỘI DUNG BỊ THAY ĐỔI")},
        {"pages_changed", N_("TRANG BỊ THÊM, BỎ HOẶC ĐỔI CHỖ")},
        {"page_box_changed", N_("KHỔ GIẤY HOẶC HƯỚNG TRANG BỊ ĐỔI")},
        {"annotation_changed", N_("GHI CHÚ HOẶC HÌNH ĐÈ BỊ THÊM, ĐỔI")},
        {"field_changed", N_("GIÁ TRỊ ĐÃ CÓ TRONG Ô BỊ ĐỔI")},
        {"field_covers", N_("Ô MỚI CHE NỘI DUNG HOẶC CHỮ KÝ KHÁC")},
        {"field_locked", N_("ĐIỀN VÀO Ô MÀ CHỮ KÝ ĐÃ KHÓA")},
        {"signature_changed", N_("CHỮ KÝ ĐÃ CÓ BỊ SỬA")},
        {"form_changed", N_("BIỂU MẪU BỊ SỬA")},
        {"catalogue_changed", N_("CÀI ĐẶT CỦA TÀI LIỆU BỊ SỬA")},
        {"not_permitted", N_("ĐIỀU MÀ CHỮ KÝ KHÔNG CHO PHÉP")},
        {"hidden_data", N_("CÓ DỮ LIỆU GIẤU SAU PHẦN ĐƯỢC KÝ")},
        {"other_changed", N_("PHẦN KHÁC CỦA TÀI LIỆU BỊ SỬA")},
        {"revision_cut", N_("PHẦN ĐƯỢC KÝ KHÔNG PHẢI MỘT TÀI LIỆU TRỌN VẸN")},
        {"gap_wrong", N_("CHỮ KÝ KHÔNG BAO TRÙM TÀI LIỆU ĐÚNG CÁCH")},
        {"revision_unreadable", N_("không đọc được phần được ký")},
        {"too_large", N_("quá lớn để so sánh")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), kind);
}

const char *
kyso_verify_words_warning(const char *code)
{
    static const KysoWord table[] = {
        {"weak_hash", N_("chữ ký cũ dùng SHA-1")},
        {"local_time_as_utc", N_("phần mềm ký ghi giờ Việt Nam như giờ UTC")},
        {"no_timestamp", N_("không có dấu thời gian; thời điểm ký theo máy của người ký")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), code);
}
